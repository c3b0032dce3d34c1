import { errorWords } from '@llamactl/contract/reason';
import { readFileSync } from 'node:fs';
import { EXIT } from '../exit-status.ts';
import { readableLogLine } from '../instances/log-line.ts';
import { Problem } from '../problem.ts';
import type { Terminal } from '../screen/terminal.ts';
import type { Surroundings } from '../surroundings.ts';
import { expectedServer } from './expected-server.ts';
import { serverLogIn } from './server-log.ts';

/**
 * Prints the last lines that servers in the background have written; with `--json`, as they wrote them.
 *
 * @throws {Problem} when there is no such file
 */
export async function printServerLog(
  terminal: Terminal,
  surroundings: Surroundings,
  lines: number | 'all',
): Promise<void> {
  const server = await expectedServer(surroundings);
  if (server === null)
    throw new Problem('the configuration has errors', EXIT.failed, ['to list them: llamactl doctor']);
  const file = serverLogIn(server.dataDirectory);
  const all = linesOf(file);
  for (const line of lines === 'all' ? all : all.slice(Math.max(0, all.length - lines))) {
    terminal.print(terminal.isJson ? line : readableLogLine(line, terminal.style, surroundings.now()));
  }
  if (all.length === 0) terminal.note(`llamactl: ${file} is empty: a server in the background writes only warnings`);
}

function linesOf(file: string): string[] {
  try {
    return readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => line !== '');
  } catch (error) {
    throw new Problem(`cannot read ${file}: ${errorWords(error)}`, EXIT.notFound, [
      'only servers that llamactl up, run or quickstart start write it',
      'the log of a service: journalctl -u llamactl, of a user service: journalctl --user -u llamactl',
    ]);
  }
}
