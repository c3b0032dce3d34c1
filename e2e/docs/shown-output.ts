/**
 * Whether what a page shows is what came. Figures may differ, `…` stands for anything, and blanks do not count; each shown line
 * has to come, in this order, whatever comes between them.
 *
 * @returns the first line that did not come; `null`: all did
 */
export function missingLine(shown: string, came: string): string | null {
  const lines = came.split('\n').map(plain);
  let next = 0;
  for (const line of shown.split('\n')) {
    if (line.trim() === '') continue;
    const pattern = patternOf(line);
    const found = lines.findIndex((each, index) => index >= next && pattern.test(each));
    if (found === -1) return line;
    next = found + 1;
  }
  return null;
}

function patternOf(line: string): RegExp {
  const parts = plain(line)
    .split('…')
    .map((part) => part.trim().replaceAll(/[.*+?^${}()|[\]\\/]/g, String.raw`\$&`));
  const whole = parts.join('.*').replaceAll(/\d+/g, String.raw`\d+`);
  return new RegExp(`^${whole}$`);
}

function plain(line: string): string {
  return line.trim().replaceAll(/\s+/g, ' ');
}

/**
 * The same for JSON: each field that is shown has to be there, with a value of the same kind; of a list the first item stands for
 * all. Words may differ, too.
 *
 * @returns where something else came; `null`: nowhere
 */
export function otherPlace(shown: unknown, came: unknown, place = ''): string | null {
  if (Array.isArray(shown)) {
    if (!Array.isArray(came)) return place;
    return shown.length === 0 || came.length === 0 ? null : otherPlace(shown[0], came[0], `${place}[0]`);
  }
  if (typeof shown !== 'object' || shown === null) return typeof shown === typeof came ? null : place;
  if (typeof came !== 'object' || came === null || Array.isArray(came)) return place;
  const there: Readonly<Record<string, unknown>> = { ...came };
  for (const [name, value] of Object.entries(shown)) {
    const other = name in there ? otherPlace(value, there[name], `${place}.${name}`) : `${place}.${name}`;
    if (other !== null) return other;
  }
  return null;
}
