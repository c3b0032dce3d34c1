/** A time at the start of a line, and the text after it. */
export interface Stamped {
  /** Milliseconds since the epoch. */
  at: number;
  rest: string;
}

/** `2024-01-15 14:30:00,123`, with or without brackets, fraction and zone. */
const DATE_AND_TIME =
  /^\[?(\d{4})[-/](\d\d)[-/](\d\d)[T ](\d\d):(\d\d):(\d\d)(?:[.,](\d{1,9}))?(?: ?(Z|UTC|[+-]\d\d:?\d\d)(?![\w:]))?(?=$|[\s\-:|\]])\]?/;

/** The access log format of Python's and many other servers: `127.0.0.1 - - [15/Jan/2024 14:30:00] "GET / HTTP/1.1"`. */
const REQUEST =
  /^[\d.:a-fA-F]{2,45} - \S{1,200} \[(\d\d)\/([A-Z][a-z]{2})\/(\d{4})[ :](\d\d):(\d\d):(\d\d)(?: ([+-]\d{4}))?\] /;

/** vLLM's format without a year: `01-15 14:30:00`. */
const WITHOUT_YEAR = /^(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)(?:[.,](\d{1,9}))?(?=$|\s) ?/;

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;

const MILLISECONDS = Array.from({ length: 1_000 }, (_, value) => `.${String(value).padStart(3, '0')}Z`);

/** The latest time in RFC 3339, which has four digits for the year. */
const LATEST = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

/** Parses a date and time at the start; without a zone it is local time. `null`: no such time. */
export function readStamp(text: string): Stamped | null {
  const match = DATE_AND_TIME.exec(text);
  if (match === null) return null;
  const [all, year, month, day, hour, minute, second, fraction, zone] = match;
  const at = timeOf([year, month, day, hour, minute, second], fraction, zone);
  return at === null ? null : { at, rest: text.slice(all.length) };
}

/** Parses an access log line; `rest` is the whole line. `null`: no such line. */
export function readRequest(text: string): Stamped | null {
  const match = REQUEST.exec(text);
  if (match === null) return null;
  const [, day, name = '', year, hour, minute, second, zone] = match;
  const at = timeOf([year, String(MONTHS.indexOf(name) + 1), day, hour, minute, second], undefined, zone);
  return at === null ? null : { at, rest: text };
}

/**
 * Parses a date without a year and a time at the start.
 *
 * @param since Lower limit in milliseconds since the epoch: the time is at most a day earlier, and less than a year later.
 */
export function readStampWithoutYear(text: string, since: number): Stamped | null {
  const match = WITHOUT_YEAR.exec(text);
  if (match === null) return null;
  const [all, month, day, hour, minute, second, fraction] = match;
  const year = new Date(since).getFullYear();
  const inYear = (year: number): number | null =>
    timeOf([String(year), month, day, hour, minute, second], fraction, undefined);
  const same = inYear(year);
  const at = same !== null && same < since - DAY_MS ? inYear(year + 1) : same;
  return at === null ? null : { at, rest: text.slice(all.length) };
}

function timeOf(parts: (string | undefined)[], fraction = '', zone: string | undefined): number | null {
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts.map(Number);
  const isTime = month >= 1 && month <= 12 && day >= 1 && day <= 31 && hour <= 23 && minute <= 59 && second <= 60;
  if (!isTime) return null;
  const milliseconds = Number(fraction.slice(0, 3).padEnd(3, '0'));
  if (zone === undefined) return new Date(year, month - 1, day, hour, minute, second, milliseconds).getTime();
  return Date.UTC(year, month - 1, day, hour, minute, second, milliseconds) - offsetOf(zone) * MINUTE_MS;
}

/** Offset of a zone from UTC, in minutes. */
function offsetOf(zone: string): number {
  const [, sign, hours, minutes] = /^([+-])(\d\d):?(\d\d)$/.exec(zone) ?? [];
  const ahead = Number(hours ?? 0) * 60 + Number(minutes ?? 0);
  return sign === '-' ? -ahead : ahead;
}

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
