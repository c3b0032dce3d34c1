import { Command } from 'commander';
import { statSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import type { CommandLine } from '../command-line.ts';
import { EXIT } from '../exit-status.ts';
import { refuseServer } from '../own-machine.ts';
import { Problem } from '../problem.ts';
import { codeOf } from '../reason.ts';
import { type ReloadOutcome, reloadOutcome, whyNot } from '../reload-outcome.ts';

interface ReloadFlags {
  config?: string;
  dataDir?: string;
}

const LOOK_MS = 50;
/** Longer than the server itself tries. */
const PATIENCE_MS = 200_000;
/** During the hand-over no process holds the data directory for some milliseconds. */
const GONE_AFTER_MS = 3_000;

export function reloadCommand(commandLine: CommandLine): Command {
  return new Command('reload')
    .description(
      'Replace the server of this machine by a new process: after an upgrade, or a change of the configuration. Engines go on running, no request is refused, and answers under way are finished.',
    )
    .option('--config <file>', 'configuration file that says which data directory (default: as llamactl serve)')
    .option('--data-dir <folder>', 'whose server (data_dir)')
    .addHelpText('after', EXAMPLES)
    .action(
      commandLine.local<ReloadFlags>(async (terminal, { flags }, command) => {
        refuseServer(command);
        const { readConfig, readHolder, isLockHeld, passwordFileOf } = await import('@llamactl/server/main');
        const overrides: Record<string, string> = flags.dataDir === undefined ? {} : { data_dir: flags.dataDir };
        const { config } = readConfig({ configFile: flags.config ?? null, overrides, searchLocal: true });
        const directory = config.data_dir;
        // The description may be that of a killed server, and its pid may belong to another process by now. The lock is
        // the proof.
        const isHeld = isLockHeld(directory);
        const before = isHeld ? readHolder(directory) : null;
        if (before === null && isHeld) {
          const remedies = ['it is written again within seconds: ask again; else the log of that server says why not'];
          throw new Problem(
            `a server uses ${directory}, but server.json there does not say which`,
            EXIT.failed,
            remedies,
          );
        }
        if (before === null) {
          throw new Problem(`no server uses ${directory}`, EXIT.unreachable, ['--data-dir says whose server is meant']);
        }
        const reason = whyNot(before);
        if (reason !== null) throw new Problem(reason, EXIT.failed);
        const passwordFile = passwordFileOf(directory);
        const passwordBefore = lastWritten(passwordFile);
        signal(before.pid);
        const { now } = commandLine.surroundings;
        const until = now() + PATIENCE_MS;
        let held = now();
        let described = now();
        let outcome: ReloadOutcome = { kind: 'under way' };
        const isPresent = (): boolean => now() - Math.min(held, described) < GONE_AFTER_MS;
        while (outcome.kind === 'under way' && now() < until && isPresent()) {
          await pause(LOOK_MS);
          if (isLockHeld(directory)) held = now();
          const holder = readHolder(directory);
          if (holder !== null) described = now();
          outcome = reloadOutcome(before, holder);
        }
        if (outcome.kind === 'failed') {
          throw new Problem(`the server was not replaced, and goes on: ${outcome.reason}`, EXIT.failed);
        }
        if (outcome.kind === 'under way') {
          const isGone = now() - held >= GONE_AFTER_MS;
          const what = isGone
            ? 'the server has ended'
            : `nobody says what came of it (is the disk of ${directory} full?)`;
          throw new Problem(`${what}; its log says more`, EXIT.failed);
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

/** Milliseconds since the epoch; `null`: the file does not exist, or we may not read it. */
function lastWritten(file: string): number | null {
  try {
    return statSync(file).mtimeMs;
  } catch (error) {
    if (codeOf(error) === null) throw error;
    return null;
  }
}

function signal(pid: number): void {
  try {
    process.kill(pid, 'SIGUSR2');
  } catch (error) {
    if (codeOf(error) !== 'EPERM') throw error;
    throw new Problem(`the server (pid ${pid}) belongs to another user`, EXIT.notAllowed, [
      'ask as that user, or as root',
    ]);
  }
}

const EXAMPLES = `
The new process is the program as it is on the disk now. If it cannot start, as
with a configuration that is wrong, the old one goes on, and this says why.
SIGUSR2 to the server asks for the same.

Examples:
  llamactl reload
  llamactl reload --data-dir /srv/llamactl`;
