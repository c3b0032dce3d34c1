import { clockTime } from '../../format/clock-time.ts';
import type { Style } from '../screen/style.ts';
import type { Terminal } from '../screen/terminal.ts';
import { plain } from '../screen/text.ts';

/** Lowest number of each pino level. */
const LEVELS: readonly (readonly [from: number, word: string])[] = [
  [50, 'error'],
  [40, 'warn'],
  [30, 'info'],
  [0, 'debug'],
];
const KNOWN = new Set(['level', 'time', 'msg', 'err', 'pid']);

/** Formats a JSON line of the server's log for a person. @param now Milliseconds since the epoch. */
export function readableLogLine(line: string, style: Style, now: number): string {
  const entry = objectOf(line);
  if (entry === null) return plain(line);
  const { level, time, msg, err } = entry;
  const word = LEVELS.find(([from]) => typeof level === 'number' && level >= from)?.[1] ?? 'info';
  const said = [msg, messageOf(err)].filter((text) => typeof text === 'string' && text !== '').join(': ');
  const rest = Object.entries(entry)
    .filter(([name, value]) => !KNOWN.has(name) && (typeof value === 'string' || typeof value === 'number'))
    .map(([name, value]) => `${name}=${String(value)}`);
  const at = typeof time === 'string' ? clockTime(time, now) : '';
  return [style.faint(at), coloured(word, style), plain(said), style.faint(plain(rest.join(' ')))]
    .filter((part) => part !== '')
    .join('  ');
}

/** Returns a log printer for a terminal; `undefined` otherwise, so that the log stays JSON. */
export function logForPerson(terminal: Terminal): ((line: string) => void) | undefined {
  if (terminal.streams.stderr.isTTY !== true) return undefined;
  return (line) => terminal.warn(readableLogLine(line, terminal.style, Date.now()));
}

function coloured(word: string, style: Style): string {
  if (word === 'error') return style.bad(word);
  return word === 'warn' ? style.warning(word) : word;
}

function messageOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'message' in error ? error.message : undefined;
}

function objectOf(line: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value)) : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
