import type { Problem } from '@llamactl/client';

/** The problems within the value at a path, with their paths in that value. Empty: the whole value. */
export function problemsWithin(problems: readonly Problem[], at: string): Problem[] {
  return problems.flatMap(({ path, message }) => {
    if (path === at) return [{ path: '', message }];
    return path.startsWith(`${at}.`) || path.startsWith(`${at}[`)
      ? [{ path: path.slice(at.length).replace(/^\./, ''), message }]
      : [];
  });
}

/** The path of a problem with dots alone: `aliases.0` of `aliases[0]`. */
export function dottedPath(path: string): string {
  return path.replaceAll(/\[(\d+)\]/g, '.$1');
}
