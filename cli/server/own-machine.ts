import type { Command } from 'commander';
import { EXIT } from '../exit-status.ts';
import { Problem } from '../problem.ts';

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
    `${command.name()} works on a data directory of this machine and does not accept ${named}`,
    EXIT.usage,
    ['select the data directory with --data-dir or --config; the default is that of llamactl serve'],
  );
}
