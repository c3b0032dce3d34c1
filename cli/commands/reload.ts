import { Command } from 'commander';
import { setTimeout as pause } from 'node:timers/promises';
import type { CommandLine } from '../command-line.ts';
import { EXIT } from '../exit-status.ts';
import { lastWritten } from '../last-written.ts';
import { isAlive } from '../living-process.ts';
import { refuseServer } from '../server/own-machine.ts';
import { overridesOf } from '../server/serve-flags.ts';
import { signalServer } from '../server/server-signal.ts';
import { assertAnswers } from '../server/silent-server.ts';
import { Problem } from '../problem.ts';
import { serverIn } from '../server/directory-server.ts';
import { type ReloadOutcome, ReloadPatience, reloadOutcome, whyNot } from '../server/reload-outcome.ts';

interface ReloadFlags {
  config?: string;
  dataDir?: string;
}

const LOOK_MS = 50;
/** How long to wait for a reload. It may last 360 s: two new processes have 180 s each. */
const PATIENCE_MS = 380_000;

export function reloadCommand(commandLine: CommandLine): Command {
  return new Command('reload')
    .description(
      'Replace the server of this machine by a new process, after an upgrade or a change of the configuration. Engines keep running, no request is refused, and responses in progress are finished.',
    )
    .option('--config <file>', 'Configuration file with the data directory (default: as for llamactl serve)')
    .option('--data-dir <folder>', 'Data directory of the server (data_dir)')
    .addHelpText('after', EXAMPLES)
    .action(
      commandLine.local<ReloadFlags>(async (terminal, { flags }, command) => {
        refuseServer(command);
        const { readConfig, readDescription, isLockHeld, passwordFileOf } = await import('@llamactl/server/main');
        const { config } = readConfig({
          configFile: flags.config ?? null,
          overrides: overridesOf(flags),
          searchLocal: true,
        });
        const directory = config.data_dir;
        const before = serverIn(directory, { isLockHeld, readDescription });
        if (before === null) {
          throw new Problem(`no server is running in ${directory}`, EXIT.unreachable, [
            'to start one: llamactl up; for another server: --data-dir',
          ]);
        }
        const reason = whyNot(before);
        if (reason !== null) throw new Problem(reason, EXIT.failed);
        await assertAnswers({ ...before, directory }, commandLine.surroundings.interrupted());
        const passwordFile = passwordFileOf(directory);
        const passwordBefore = lastWritten(passwordFile);
        signalServer(before.pid, 'SIGUSR2');
        const { now } = commandLine.surroundings;
        const until = now() + PATIENCE_MS;
        const patience = new ReloadPatience(now());
        let outcome: ReloadOutcome = { kind: 'under way' };
        let hope: ReturnType<ReloadPatience['look']> = 'waits';
        while (outcome.kind === 'under way' && hope === 'waits' && now() < until) {
          await pause(LOOK_MS);
          const holder = readDescription(directory);
          const isDescribed = holder !== null;
          hope = patience.look(now(), { isHeld: isLockHeld(directory), isOldAlive: isAlive(before.pid), isDescribed });
          outcome = reloadOutcome(before, holder);
        }
        if (outcome.kind === 'failed') {
          throw new Problem(`the reload failed and the old server keeps running: ${outcome.reason}`, EXIT.failed);
        }
        if (outcome.kind === 'under way') {
          const what =
            hope === 'gone'
              ? 'the server has exited'
              : `the outcome of the reload is unknown (is the disk of ${directory} full?)`;
          throw new Problem(`${what}; see the log of the server`, EXIT.failed);
        }
        const from = { pid: before.pid, version: before.version };
        const to = { pid: outcome.pid, version: outcome.version };
        // After a reload that turned accounts on, this file is the only way to log in.
        const isPasswordNew = ![null, passwordBefore].includes(lastWritten(passwordFile));
        const facts = { from, to, url: outcome.url, data_dir: directory };
        if (terminal.isJson)
          terminal.printJson({ ...facts, ...(isPasswordNew ? { password_file: passwordFile } : {}) });
        else if (terminal.isQuiet) terminal.print(String(to.pid));
        else {
          terminal.print(`llamactl ${from.version} (pid ${from.pid}) → ${to.version} (pid ${to.pid})`);
          if (isPasswordNew) terminal.print(`the password of the first account, admin, is in ${passwordFile}`);
        }
      }),
    );
}

const EXAMPLES = `
The new process runs the program that is on the disk now. If it cannot start,
for instance because of an invalid configuration, the old server keeps running
and the reason is printed. SIGUSR2 to the server starts a reload too.

Examples:
  llamactl reload
  llamactl reload --data-dir /srv/llamactl`;
