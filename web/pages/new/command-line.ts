import type { JsonValue } from '@llamactl/client';
import { shellQuoted, splitWords } from '../../../format/shell-words.ts';
import { optionText } from './option-list.ts';
import type { Writing } from './typed-text.ts';

/** A list of words as a command line. A text with an open quote stays a text, which the server refuses. */
export const COMMAND_LINE: Writing = {
  write: (value) => (isWords(value) ? value.map((word) => quoted(word)).join(' ') : optionText(value)),
  read: (text) => {
    // A shell joins a line that ends with a backslash with the next one.
    const words = splitWords(text.replaceAll(/\\\r?\n/g, ' '));
    if (words === null) return text;
    return words.length === 0 ? undefined : words;
  },
};

function isWords(value: JsonValue | undefined): value is string[] {
  return Array.isArray(value) && value.every((word) => typeof word === 'string');
}

/** Quotes a word only if it reads differently without quotes: `${PORT}` stays as it is. */
function quoted(word: string): string {
  const words = splitWords(word);
  return words?.length === 1 && words[0] === word ? word : shellQuoted(word);
}
