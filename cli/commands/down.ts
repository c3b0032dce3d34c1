import { reasonOf } from '@llamactl/contract/reason';
import { Command } from 'commander';
import path from 'node:path';
import type { CommandLine } from '../command-line.ts';
import { EXIT } from '../exit-status.ts';
import { processExists } from '../living-process.ts';
import { Problem } from '../problem.ts';
import { patience } from '../patience.ts';
import { followedUrl } from '../server/local-server.ts';
import { refuseServer } from '../server/own-machine.ts';
import { overridesOf } from '../server/serve-flags.ts';
import { signalServer } from '../server/server-signal.ts';
import { serverAddress } from '../server/server-address.ts';
import { assertAnswers } from '../server/silent-server.ts';
import type { Terminal } from '../screen/terminal.ts';

interface DownFlags {
  config?: string;
  dataDir?: string;
  stopEngines?: boolean;
}

export function downCommand(commandLine: CommandLine): Command {
  return new Command('down')
    .description('Stop the server of this machine. Engines keep running, and the next server adopts them.')
    .option('--config <file>', 'Configuration file with the data directory (default: as for llamactl serve)')
    .option('--data-dir <folder>', 'Data directory of the server (data_dir)')
    .option('--stop-engines', 'Stop all engines first; requests in flight may finish')
    .addHelpText(
      'after',
      `
Waits until the server has ended, and reports its engines. A server that systemd
or launchd runs is stopped with that service manager. Without a server, nothing
happens.

Examples:
  llamactl down
  llamactl down --stop-engines
  llamactl down --data-dir /srv/llamactl`,
    )
    .action(
      commandLine.local<DownFlags>(async (terminal, { flags }, command) => {
        refuseServer(command);
        await bringDown(commandLine, terminal, flags);
      }),
    );
}

async function bringDown(commandLine: CommandLine, terminal: Terminal, flags: DownFlags): Promise<void> {
  const [main, { serverIn }, { EnginesAtStop, engineFates }, services, { endServer }] = await Promise.all([
    import('@llamactl/server/main'),
    import('../server/directory-server.ts'),
    import('../server/stopped-engines.ts'),
    import('../service/managing-service.ts'),
    import('../server/server-end.ts'),
  ]);
  const { environment, home, every, interrupted, now } = commandLine.surroundings;
  const signal = interrupted();
  const configuredDirectory = (): string =>
    main.readConfig({
      configFile: flags.config ?? null,
      overrides: overridesOf(flags),
      searchLocal: true,
      user: { environment, home },
    }).config.data_dir;
  const directory = directoryToStop(configuredDirectory, flags);
  const world = services.managerWorld(main.createInspection(directory).runTool);
  const server = serverIn(directory, main);
  if (server === null) {
    if (terminal.isJson) return terminal.printJson({ stopped: false, data_dir: directory });
    terminal.note(`no server is running in ${directory}`);
    const { leftEnginesNote } = await import('../server/left-engines.ts');
    const left = leftEnginesNote(directory, flags.stopEngines === true);
    if (left !== null) terminal.note(left);
    const command = await services.machinesStop(world);
    if (command !== null) terminal.note(`a service of the machine is; to stop it: ${command}`);
    return;
  }
  const { pid, url } = server;
  const service = await services.managingService(pid, world);
  // A service manager kills a process that does not end.
  if (service === null) await assertAnswers({ directory, pid, url }, signal);
  // A stop of the engines must not fail because the rate limit was reached a moment ago.
  const patient = flags.stopEngines === true ? patience((text) => terminal.note(text), now) : null;
  // A server that does not listen yet has started no engine.
  const engines =
    url === null ? null : new EnginesAtStop({ url, token: tokenFor(commandLine, directory, url) }, signal, patient);
  const before = engines === null ? [] : await engines.list();
  if (flags.stopEngines === true) {
    if (engines !== null && before === null) {
      throw new Problem('the server does not list its engines without a log-in; nothing was stopped', EXIT.notAllowed, [
        'to log in: llamactl login; to stop only the server: llamactl down',
      ]);
    }
    if (before?.length !== 0) terminal.note('stopping the engines');
    await engines?.stop();
  }
  const onWait = (): void => terminal.note(`waiting for process ${pid}: requests in progress may finish`);
  const stop = (): void | Promise<void> =>
    service === null ? signalServer(pid, 'SIGTERM') : services.stopService(service, world);
  await endServer(pid, { stop, isHeld: () => main.isLockHeld(directory), every, onWait, signal });
  if (terminal.isJson) {
    return terminal.printJson({
      stopped: true,
      pid,
      data_dir: directory,
      service: service?.name ?? null,
      engines: before?.map(({ name, pid: engine }) => ({ name, pid: engine, running: processExists(engine) })) ?? null,
    });
  }
  if (terminal.isQuiet) return terminal.print(String(pid));
  terminal.print(`stopped ${service === null ? 'the server' : service.name} (process ${pid}) of ${directory}`);
  for (const line of engineFates(before, processExists)) terminal.print(line);
  if (service !== null)
    terminal.note('the service starts again with the machine; to prevent it: llamactl service uninstall');
}

/** The data directory of the server. With `--data-dir`, a broken configuration file does not prevent the stop. */
function directoryToStop(configured: () => string, { dataDir }: DownFlags): string {
  try {
    return configured();
  } catch (error) {
    if (dataDir !== undefined) return path.resolve(dataDir);
    const lines = reasonOf(error).split('\n');
    throw new Problem(lines[0] ?? '', EXIT.failed, [
      ...lines.slice(1),
      'to stop the server without its configuration, name its data directory: llamactl down --data-dir FOLDER',
    ]);
  }
}

/**
 * The credentials for a server of this machine. `null` for an address that another user may have written into the
 * description of the server.
 */
function tokenFor({ contexts, surroundings }: CommandLine, directory: string, url: string): string | null {
  if (followedUrl(directory) !== url) return null;
  const { environment, home } = surroundings;
  return serverAddress({ flags: { url }, environment, contexts, home }).token;
}
