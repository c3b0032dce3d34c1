import type { Instance } from '@llamactl/client';
import type { Terminal } from '../screen/terminal.ts';
import { cut, plain } from '../screen/text.ts';

/** Enough to show the cause; `llamactl logs` has the rest. */
const LINES = 8;

/** Explains a failed start to a person: the cause, the last output, and where to find more. */
export function startFailureLines(
  { name, reason, last_exit: lastExit }: Instance,
  { style, columns }: Pick<Terminal, 'style' | 'columns'>,
): string[] {
  const cause = reason ?? lastExit?.reason ?? 'it ended';
  const lines = lastExit?.lines.slice(-LINES) ?? [];
  return [
    `${name} did not start: ${plain(cause)}`,
    ...lines.map((line) => style.faint(cut(`    ${plain(line)}`, columns))),
    ...(lines.length > 0 ? [`  for its complete output: llamactl logs ${name}`] : []),
  ];
}
