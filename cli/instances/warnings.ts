import type { Terminal } from '../screen/terminal.ts';
import { plain } from '../screen/text.ts';

/** Prints the warnings of a change. The word keeps them apart from errors: the change was made. */
export function printWarnings(terminal: Pick<Terminal, 'warn'>, warnings: readonly string[] = []): void {
  for (const warning of warnings) terminal.warn(`warning: ${plain(warning)}`);
}
