import { clockTime } from '../../format/clock-time.ts';
import * as plain from '../../format/figures.ts';
import { language } from './language.ts';

export { duration, minutesSince, since } from '../../format/figures.ts';

/** Figures as the reader's language writes them. All figures of the page come from here. */

/** A number with its groups: `8,192`, in German `8.192`. @param digits Decimals, always so many. Default 0. */
export function number(value: number, digits = 0): string {
  return formatOf(digits).format(value);
}

/** A number as a field shows it: without groups, and with the decimals that it has, at most four. */
export function plainNumber(value: number): string {
  return formatOf('plain').format(value);
}

/** Seconds with two decimals: `0.95 s`. */
export function seconds(value: number): string {
  return `${number(value, 2)} s`;
}

/** A day in the reader's time zone, as times of other days have it: `2026-11-30`. @param at RFC 3339. */
export function day(at: string): string {
  return clockTime(at, null).slice(0, 'YYYY-MM-DD'.length);
}

/** Shows a number of bytes of a file, a disk or a connection: `1.3 GB`; `null` is `-`. */
export function bytes(count: number | null | undefined): string {
  return inLanguage(plain.bytes(count));
}

/** Distances between the lines of a chart of memory: powers of two, so that its axis has whole figures. */
export const MEMORY_STEPS: readonly number[] = Array.from({ length: 50 }, (_, power) => 2 ** power);

/** Shows a number of bytes of memory: `22.4 GiB`; `null` is `-`. */
export function memoryText(count: number | null | undefined): string {
  return inLanguage(plain.memoryText(count));
}

/** Shows bytes of memory that may be close to others: `5.25 GiB`, `1.09 TiB`. */
export function exactMemory(count: number): string {
  return inLanguage(plain.exactMemory(count));
}

/** Shows a value in percent: `12.5 %`. */
export function percent(value: number | null | undefined): string {
  return inLanguage(plain.percent(value));
}

/** A rate, such as tokens a second: `2.8`, `61`. */
export function rateText(rate: number): string {
  return inLanguage(plain.rateText(rate));
}

/** A number of tokens: `512`, `1.2k`. */
export function tokenCount(count: number): string {
  return inLanguage(plain.tokenCount(count));
}

/** The size of a context: `128k` of 131072; any other in groups, `99,999`. */
export function contextText(tokens: number): string {
  return tokens % 1024 === 0 ? plain.contextText(tokens) : number(tokens);
}

/** A number of weights: `135M`, `7.2B`. */
export function parametersText(parameters: number): string {
  return inLanguage(plain.parametersText(parameters));
}

/** Seconds that a request or a part of it took: `4 ms`, `0.31 s`, `12.4 s`. */
export function requestSeconds(value: number): string {
  return inLanguage(plain.requestSeconds(value));
}

/** Formats by language and digits, so that a figure does not make a new one. */
const formats = new Map<string, Intl.NumberFormat>();

function formatOf(digits: number | 'plain'): Intl.NumberFormat {
  const chosen = language.get();
  const key = `${chosen} ${digits}`;
  const made = formats.get(key);
  if (made !== undefined) return made;
  const options =
    digits === 'plain'
      ? { useGrouping: false, maximumFractionDigits: 4 }
      : { minimumFractionDigits: digits, maximumFractionDigits: digits };
  const format = new Intl.NumberFormat(chosen, options);
  formats.set(key, format);
  return format;
}

/** Puts the decimal point of the language into a text of figures. */
function inLanguage(text: string): string {
  return language.get() === 'de' ? text.replaceAll(/(\d)\.(\d)/g, '$1,$2') : text;
}
