import type { Problem } from '@llamactl/client';
import type { ServerWords } from './server-words.ts';

/** The problems within the value at a path, with their paths in that value. Empty: the whole value. */
export function problemsWithin(problems: readonly Problem[], at: string): Problem[] {
  return problems.flatMap(({ path, message }) => {
    if (path === at) return [{ path: '', message }];
    return path.startsWith(`${at}.`) || path.startsWith(`${at}[`)
      ? [{ path: path.slice(at.length).replace(/^\./, ''), message }]
      : [];
  });
}

/** A problem with its message in the reader's language, if the page has one. */
export function problemText(problem: Problem, words: ServerWords | null): Problem {
  const own = problem.phrase && words?.phrase(problem.phrase);
  return own === undefined || own === null ? problem : { ...problem, message: own.text };
}

/** The path of a problem with dots alone: `aliases.0` of `aliases[0]`. */
export function dottedPath(path: string): string {
  return path.replaceAll(/\[(\d+)\]/g, '.$1');
}
