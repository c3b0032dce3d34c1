import type { Command } from 'commander';
import { EXIT } from './exit-status.ts';
import { Problem } from './problem.ts';

/**
 * Refuses `--url` and `--context` for verbs that work on files of this machine.
 *
 * @throws {Problem} when the command line names a server
 */
export function refuseServer(command: Command): void {
  const { url, context } = command.optsWithGlobals<{ url?: string; context?: string }>();
  const named = url === undefined ? context && `--context ${context}` : `--url ${url}`;
  if (named === undefined) return;
  throw new Problem(
    `${command.name()} works on a data directory of this machine; ${named} names a server`,
    EXIT.usage,
    ['--data-dir or --config say which data directory; without them it is the one that llamactl serve would take here'],
  );
}
