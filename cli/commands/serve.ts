import { reasonOf } from '@llamactl/contract/reason';
import { Command, Option } from 'commander';
import { flushCompileCache } from 'node:module';
import type { Inheritance } from '@llamactl/server/main';
import type { CommandLine } from '../command-line.ts';
import { endOnSignal } from '../end-on-signal.ts';
import { logForPerson } from '../instances/log-line.ts';
import { ownProgram } from '../server/own-program.ts';
import { SERVICE_MANAGERS, type ServiceManager } from '../service/service-manager.ts';
import type { Terminal } from '../screen/terminal.ts';
import { NO_LOCAL_CONFIG, overridesOf, withServeFlags, type ServeFlags } from '../server/serve-flags.ts';
import { addressForOthers, successorLines, welcomeLines, withBasePath } from '../server/serve-welcome.ts';
import { RELATIVE_TO, successorDirectory } from '../working-directory.ts';

interface ServeCommandFlags extends ServeFlags {
  detach?: boolean;
  printUnit?: ServiceManager;
  takeOver?: boolean;
  relativeTo?: string;
}

export function serveCommand(commandLine: CommandLine): Command {
  const command = new Command('serve').description(
    'Run the server in the foreground. Engines keep running when it ends, and the next server adopts them.',
  );
  return withServeFlags(command, 'warn on a terminal, else info')
    .option('--detach', 'Start the server in the background, as llamactl up does')
    .addOption(
      new Option('--print-unit <manager>', 'Print a service definition with these flags instead of serving').choices(
        SERVICE_MANAGERS,
      ),
    )
    .addOption(new Option(TAKE_OVER).hideHelp())
    .addOption(new Option(`${RELATIVE_TO} <folder>`).hideHelp())
    .addOption(new Option(NO_LOCAL_CONFIG).hideHelp())
    .addHelpText(
      'after',
      `
On a terminal the server prints its address and how to log in. Elsewhere it
prints the same as one line of JSON on standard output once it listens, and logs
JSON lines to standard error.

Examples:
  llamactl serve
  llamactl serve --port 9000 --data-dir /srv/llamactl
  llamactl serve --detach --port 9000
  llamactl serve --print-unit systemd-user > llamactl.service`,
    )
    .action(
      commandLine.local<ServeCommandFlags>(async (terminal, { flags }) => {
        if (flags.printUnit !== undefined) {
          const { printUnit } = await import('../service/print-unit.ts');
          return printUnit(commandLine.surroundings, terminal, {
            manager: flags.printUnit,
            flags,
            overrides: overridesOf(flags),
          });
        }
        if (flags.detach === true) {
          const { bringUp } = await import('./up.ts');
          return bringUp(commandLine.surroundings, terminal, flags);
        }
        commandLine.surroundings.outliveReaders();
        // Node's default title is `MainThread`; `ss` and our own port errors would show it.
        process.title = 'llamactl serve';
        // Until the server handles SIGUSR2, the default action would end the process.
        const reload = { onSignal: (): void => undefined };
        process.on('SIGUSR2', () => reload.onSignal());
        // Node's default starts a debugger that every user of this machine can reach.
        process.on('SIGUSR1', () => undefined);
        if (flags.takeOver === true) await takeOver(terminal, flags, reload);
        else await run(terminal, flags, reload, null);
      }),
    );
}

/** Internal flag with which a server starts its successor. */
export const TAKE_OVER = '--take-over';

/** The handler of SIGUSR2. */
interface ReloadSignal {
  onSignal: () => void;
}

async function takeOver(terminal: Terminal, flags: ServeCommandFlags, reload: ReloadSignal): Promise<void> {
  const { inherited } = await import('@llamactl/server/main');
  const inheritance = await inherited();
  // The predecessor forwards signals as soon as this server serves. At that time, this server cannot yet stop in order.
  const letThrough = holdSignal('SIGTERM');
  try {
    await run(terminal, flags, reload, inheritance);
  } catch (error) {
    inheritance.link.refuse(reasonOf(error));
    throw error;
  }
  letThrough();
}

/**
 * Holds a signal back. @returns a function to call once the program can handle the signal; it sends a held signal again
 */
function holdSignal(signal: NodeJS.Signals): () => void {
  let hasCome = false;
  const keep = (): void => {
    hasCome = true;
  };
  process.on(signal, keep);
  return () => {
    process.off(signal, keep);
    if (hasCome) process.kill(process.pid, signal);
  };
}

async function run(
  terminal: Terminal,
  flags: ServeCommandFlags,
  reload: ReloadSignal,
  inheritance: Inheritance | null,
): Promise<void> {
  const { readConfig, serve, serverLog, serviceNotifier, VERSION } = await import('@llamactl/server/main');
  const workingDirectory = flags.relativeTo ?? process.cwd();
  const loaded = readConfig({
    configFile: flags.config ?? null,
    overrides: overridesOf(flags),
    searchLocal: flags.localConfig !== false,
    workingDirectory,
  });
  const { isInteractive } = terminal;
  const forPerson = logForPerson(terminal);
  const logging = serverLog(flags.logLevel ?? (forPerson === undefined ? 'info' : 'warn'), forPerson);
  const { log } = logging;
  for (const warning of loaded.warnings) {
    if (forPerson !== undefined) terminal.warn(`llamactl: ${warning}`);
    else log.warn(warning);
  }
  const program = ownProgram();
  const words = process.argv.slice(2).filter((argument) => argument !== TAKE_OVER);
  const notifier = serviceNotifier(log, { isSuccessor: inheritance !== null });
  const { config, file } = loaded;
  let url = '';
  const notifyReady = (): void => notifier.ready(`llamactl ${VERSION} listens on ${url}`);
  const service = await serve(loaded, logging, {
    inheritance,
    successor: () => {
      const { flags: place, ...where } = successorDirectory(workingDirectory);
      return { command: program.command, argv: [...program.argv, ...words, ...place, TAKE_OVER], ...where };
    },
    onSuccessor: (pid) => notifier.successor(pid),
    onChange: (stage) => (stage === 'begun' ? notifier.reloading() : notifyReady()),
  });
  const app = service.first;
  url = withBasePath(app.url, config.server);
  notifyReady();
  reload.onSignal = () => service.reload();
  void service.over.then((code) => process.exit(code));
  // Without this, only an orderly end would store the compile cache.
  flushCompileCache();
  const { stopEngines = false } = flags;
  endOnSignal({
    announce: (signal) => {
      const what = `shutting down on ${signal}; ${stopEngines ? 'stopping the engines' : 'engines keep running'}`;
      if (forPerson !== undefined) terminal.warn(`\nllamactl: ${what}`);
      else log.info(what);
    },
    end: async () => {
      notifier.stopping();
      await service.close({ stopEngines });
      await notifier.close();
    },
    hurry: (signal) => service.hurry(signal),
    reload: () => service.reload(),
  });
  const facts = {
    version: VERSION,
    url,
    public_url: addressForOthers(config.server, url),
    gateway: `${url}/v1`,
    configuration: file,
    data_dir: config.data_dir,
    accounts: config.auth.enabled,
    first_admin: app.firstAdmin && {
      username: app.firstAdmin.username,
      password_file: app.firstAdmin.passwordFile,
    },
  };
  if (isInteractive) {
    const { style } = terminal;
    const lines =
      inheritance === null
        ? welcomeLines(facts, { stopEngines, style })
        : successorLines(facts, { pid: process.pid, style });
    for (const line of lines) terminal.print(line);
  } else terminal.printJsonLine({ ...facts, pid: process.pid, msg: 'llamactl listens' });
}
