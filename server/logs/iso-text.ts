const MILLISECONDS = Array.from({ length: 1_000 }, (_, value) => `.${String(value).padStart(3, '0')}Z`);

/** RFC 3339 has four digits for the year. */
const LATEST = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

/**
 * Makes RFC 3339 texts, UTC, of milliseconds since the epoch; what lies outside of 1970 to 9999 becomes the nearest that
 * does not. It remembers the second: lines come many in one, and `toISOString` costs as much as all the rest of a line.
 */
export function createIsoTexts(): (milliseconds: number) => string {
  let second = Number.NaN;
  let secondText = '';
  return (milliseconds) => {
    const whole = Math.floor(Math.min(Math.max(milliseconds, 0), LATEST));
    const wholeSecond = Math.floor(whole / 1_000);
    if (wholeSecond !== second) {
      second = wholeSecond;
      secondText = new Date(wholeSecond * 1_000).toISOString().slice(0, -'.000Z'.length);
    }
    return secondText + (MILLISECONDS[whole - wholeSecond * 1_000] ?? '');
  };
}
