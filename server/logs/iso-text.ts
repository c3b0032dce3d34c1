const MILLISECONDS = Array.from({ length: 1_000 }, (_, value) => `.${String(value).padStart(3, '0')}Z`);

/** RFC 3339 has four digits for the year. */
const LATEST = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

/**
 * Creates a formatter of milliseconds since the epoch as RFC 3339, UTC, clamped to 1970–9999. It caches the second: many
 * lines share one, and `toISOString` costs as much as the rest of a line.
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
