import type { Command } from 'commander';
import { EXIT } from './exit-status.ts';
import { Problem } from './problem.ts';

/**
 * For what works on files of this machine: a server that was named is not what it would work on.
 *
 * @throws {Problem} when one was named on the command line
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
