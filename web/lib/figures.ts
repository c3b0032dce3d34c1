import * as plain from '../../format/figures.ts';
import { language } from './language.ts';

/** Figures as the reader's language writes them. All figures of the page come from here. */

/** A number with its groups: `8,192`, in German `8.192`. @param digits Decimals, always so many. Default 0. */
export function number(value: number, digits = 0): string {
  const options = { minimumFractionDigits: digits, maximumFractionDigits: digits };
  return new Intl.NumberFormat(language.get(), options).format(value);
}

/** A number as a field shows it: without groups, and with the decimals that it has, at most four. */
export function plainNumber(value: number): string {
  return new Intl.NumberFormat(language.get(), { useGrouping: false, maximumFractionDigits: 4 }).format(value);
}

/** Seconds with two decimals: `0.95 s`. */
export function seconds(value: number): string {
  return `${number(value, 2)} s`;
}

/** Shows a number of bytes: `1.3 GB`; `null` is `-`. */
export function bytes(count: number | null | undefined): string {
  return inLanguage(plain.bytes(count));
}

/** Shows a value in percent: `12.5 %`. */
export function percent(value: number | null | undefined): string {
  return inLanguage(plain.percent(value));
}

/** A rate, such as tokens a second: `2.8`, `61`. */
export function rateText(rate: number): string {
  return inLanguage(plain.rateText(rate));
}

/** Puts the decimal point of the language into a text of figures. */
export function inLanguage(text: string): string {
  return language.get() === 'de' ? text.replaceAll(/(\d)\.(\d)/g, '$1,$2') : text;
}
