import type { Problem } from '@llamactl/client';
import { ownSentence, type ServerWords } from './server-words.ts';

/** The problems within the value at a path, with their paths in that value. Empty: the whole value. */
export function problemsWithin(problems: readonly Problem[], at: string): Problem[] {
  return problems.flatMap(({ path, ...rest }) => {
    if (path === at) return [{ path: '', ...rest }];
    return path.startsWith(`${at}.`) || path.startsWith(`${at}[`)
      ? [{ path: path.slice(at.length).replace(/^\./, ''), ...rest }]
      : [];
  });
}

/** The message of a problem in the reader's language, if the page has one, where its two languages cannot be marked. */
export function problemText({ message, phrase }: Problem, words: ServerWords | null): string {
  const own = ownSentence(phrase, words);
  return own === null ? message : own.isWhole ? own.text : `${own.text} (${message})`;
}

/** The path of a problem with dots alone: `aliases.0` of `aliases[0]`. */
export function dottedPath(path: string): string {
  return path.replaceAll(/\[(\d+)\]/g, '.$1');
}
