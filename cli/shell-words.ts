import { splitWords } from '../format/shell-words.ts';
import { EXIT } from './exit-status.ts';
import { Problem } from './problem.ts';

/**
 * Splits a command line as a POSIX shell does, without expansion.
 *
 * @throws {Problem} when a quote is not closed
 */
export function shellWords(text: string): string[] {
  const words = splitWords(text);
  if (words === null) throw new Problem(`a quote is not closed in: ${text}`, EXIT.usage);
  return words;
}
