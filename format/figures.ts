/** Numbers as people read them. */

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
const MEMORY_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];

const TOKEN_UNITS = ['', 'k', 'M', 'G', 'T'];

/** A number in the largest unit of which it has at least one, as rounded: the value, and the index of the unit. */
function scaled(count: number, step: number, units: readonly string[]): [value: number, unit: number] {
  let value = count;
  let unit = 0;
  while (value >= step - 0.5 && unit < units.length - 1) {
    value /= step;
    unit += 1;
  }
  return [value, unit];
}

/** Shows a number of bytes of a file, a disk or a connection: `1.3 GB`; `null` is `-`. */
export function bytes(count: number | null | undefined): string {
  if (count === null || count === undefined) return '-';
  const [value, unit] = scaled(count, 1_000, UNITS);
  return `${value < 9.95 && unit > 0 ? value.toFixed(1) : String(Math.round(value))} ${UNITS[unit] ?? ''}`;
}

/** Shows a number of bytes of memory: `22.4 GiB`, in the unit in which memory is sold and engines count; `null` is `-`. */
export function memoryText(count: number | null | undefined): string {
  if (count === null || count === undefined) return '-';
  const [value, unit] = scaled(count, 1_024, MEMORY_UNITS);
  const digits = unit > 2 && value < 99.95 ? 1 : value < 9.95 && unit > 0 ? 1 : 0;
  return `${value.toFixed(digits)} ${MEMORY_UNITS[unit] ?? ''}`;
}

/** Shows bytes of memory with two digits after the point, because need and room may be close: `5.25 GiB`, `1.09 TiB`. */
export function exactMemory(count: number): string {
  const mebibytes = count / 2 ** 20;
  if (mebibytes < 1_000) return `${Math.round(mebibytes * 100) / 100} MiB`;
  const gibibytes = mebibytes / 1_024;
  return gibibytes < 1_000 ? `${gibibytes.toFixed(2)} GiB` : `${(gibibytes / 1_024).toFixed(2)} TiB`;
}

/** Seconds as `42s`, `3m 5s`, `2h 10m`, `4d 3h`. */
export function duration(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined) return '-';
  const whole = Math.max(0, Math.floor(seconds));
  const [days, hours, minutes] = [
    Math.floor(whole / 86_400),
    Math.floor(whole / 3_600) % 24,
    Math.floor(whole / 60) % 60,
  ];
  if (days > 0) return `${days}d ${hours}h`;
  if (hours > 0) return `${hours}h ${minutes}m`;
  return minutes > 0 ? `${minutes}m ${whole % 60}s` : `${whole}s`;
}

/** Time since an RFC 3339 time; `-` without one. @param now Milliseconds since the epoch. */
export function since(time: string | null | undefined, now: number): string {
  return time === null || time === undefined ? '-' : duration((now - Date.parse(time)) / 1_000);
}

/** Time since an RFC 3339 time that is accurate to one minute: `<1m`, `5m`, `2h 5m`. @param now Milliseconds since the epoch. */
export function minutesSince(time: string, now: number): string {
  const minutes = Math.floor((now - Date.parse(time)) / 60_000);
  if (minutes < 1) return '<1m';
  return duration(minutes * 60).replace(/ 0s$/, '');
}

/** Shows a value in percent: `12.5 %`. */
export function percent(value: number | null | undefined): string {
  return value === null || value === undefined ? '-' : `${value < 9.95 ? value.toFixed(1) : Math.round(value)} %`;
}

/** Shows a number with its noun: `1 instance`, `3 instances`. */
export function count(number: number, noun: string, plural = `${noun}s`): string {
  return `${number} ${number === 1 ? noun : plural}`;
}

/** A rate, such as tokens a second: `2.8`, `61`. */
export function rateText(rate: number): string {
  return rate.toFixed(rate < 10 ? 1 : 0);
}

/** A number of tokens: `812`, `1.2k`, `64k`, `1.2M`. */
export function tokenCount(tokens: number): string {
  const [value, unit] = scaled(tokens, 1_000, TOKEN_UNITS);
  return `${value < 9.95 && unit > 0 ? value.toFixed(1) : Math.round(value)}${TOKEN_UNITS[unit] ?? ''}`;
}

/** `128k` of 131072, as people and models name the size of a context. */
export function contextText(tokens: number): string {
  return tokens >= 1024 && tokens % 1024 === 0 ? `${tokens / 1024}k` : groupedDigits(tokens);
}

/** Groups the digits of large numbers: `8 000 000`, but `8000`. The spaces do not break a line. */
export function groupedDigits(number: number): string {
  const digits = String(number);
  return digits.length < 5 ? digits : digits.replaceAll(/\B(?=(?:\d{3})+$)/g, '\u00A0');
}

/** A number of weights, as people name the size of a model: `135M`, `7.2B`, `70.6B`, `405B`. */
export function parametersText(parameters: number): string {
  const millions = parameters / 1e6;
  if (millions < 999.5) return `${millions < 9.95 ? millions.toFixed(1) : Math.round(millions)}M`;
  const billions = parameters / 1e9;
  return `${billions < 99.95 ? billions.toFixed(1) : Math.round(billions)}B`;
}

/** Seconds that a request or a part of it took: `4 ms`, `0.31 s`, `12.4 s`, `3m 5s`. */
export function requestSeconds(seconds: number): string {
  if (seconds < 0.0995) return `${Math.round(seconds * 1_000)} ms`;
  if (seconds < 9.995) return `${seconds.toFixed(2)} s`;
  if (seconds < 99.95) return `${seconds.toFixed(1)} s`;
  return seconds < 120 ? `${Math.round(seconds)} s` : `${Math.floor(seconds / 60)}m ${Math.floor(seconds % 60)}s`;
}
