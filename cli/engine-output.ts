import type { LogEntry, LogLevel } from '@llamactl/client';
import type { Style } from './screen/style.ts';
import { padded, plain } from './screen/text.ts';

/** How to print lines of an engine's output. */
export interface OutputForm {
  style: Style;
  /** Print the time before each line. */
  timestamps: boolean;
  /** The output goes to a terminal: remove characters that move its cursor. */
  isForTerminal: boolean;
}

/** The instance name before each line, when several logs are printed together. */
export interface OutputPrefix {
  name: string;
  /** Columns of the longest name. */
  width: number;
  /** Position among the names; selects the colour. */
  index: number;
}

const COLOURS = ['cyan', 'magenta', 'blue', 'green', 'yellow'] as const;

/** One output line of an engine, coloured by its level. */
export function outputLine(
  { timestamp, level, message }: LogEntry,
  form: OutputForm,
  prefix: OutputPrefix | null,
): string {
  const { style, timestamps, isForTerminal } = form;
  const text = byLevel(level, isForTerminal ? plain(message) : message, style);
  return [
    ...(prefix === null ? [] : [prefixText(prefix, style)]),
    ...(timestamps ? [style.faint(timestamp)] : []),
    text,
  ].join(' ');
}

function prefixText({ name, width, index }: OutputPrefix, style: Style): string {
  return style.of(COLOURS[index % COLOURS.length] ?? 'cyan', `${padded(plain(name), width)} |`);
}

function byLevel(level: LogLevel, text: string, style: Style): string {
  switch (level) {
    case 'error':
      return style.bad(text);
    case 'warn':
      return style.warning(text);
    case 'debug':
      return style.faint(text);
    case 'info':
      return text;
  }
}

/**
 * The last lines of an engine that did not start. Leaves out blank lines, and what llama-server prints after a wrong argument:
 * the usage of the option, and advice to run it with `-h`.
 *
 * @param most How many lines to return.
 */
export function lastWords(lines: readonly string[], most: number): string[] {
  const usage = lines.findIndex((line) => line.trim() === 'usage:');
  const kept = usage === -1 ? lines : lines.slice(0, usage);
  return kept.filter((line) => line.trim() !== '' && !isUsageAdvice(line)).slice(-most);
}

/** Whether this is llama-server's last line after a wrong argument. */
function isUsageAdvice(line: string): boolean {
  return line.startsWith('to show complete usage, run with');
}

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };

/**
 * The time that `--since` means, in milliseconds since the epoch: an age (`90`, `10m`, `2h`, `1d`) or a time
 * (`2026-03-01T12:00:00Z`; without a zone: local time). `null`: not a valid time.
 *
 * @param now Milliseconds since the epoch.
 */
export function momentOf(text: string, now: number): number | null {
  const [, amount = '', unit = 's'] = /^(\d{1,9})([smhd])?$/.exec(text) ?? [];
  if (amount !== '') return now - Number(amount) * (UNITS[unit] ?? 1) * 1_000;
  const at = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(at) ? null : at;
}
