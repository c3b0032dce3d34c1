import type { LogLevel } from '@llamactl/contract/logs';
import { levelOf } from './level.ts';
import { readStamp } from './time-stamp.ts';

/** A line of a log whose lines are JSON objects. */
export interface JsonLine {
  message: string;
  /** `null`: no level. */
  level: LogLevel | null;
  /** Milliseconds since the epoch; `null`: no time. */
  at: number | null;
}

const MESSAGE_KEYS = ['message', 'msg', 'text'];
const LEVEL_KEYS = ['level', 'severity', 'lvl'];
const TIME_KEYS = ['timestamp', 'ts', 'time'];

/** Longer lines are not parsed: they are cut, and half an object is useless. */
const MAX_CHARACTERS = 65_536;

/** Levels by ggml's numbers. The meaning of larger numbers differs between loggers. */
const NUMBERED: readonly (LogLevel | null)[] = [null, 'debug', 'info', 'warn', 'error'];

/**
 * From these numbers on, a time counts as seconds, milliseconds, microseconds or nanoseconds since the epoch. Each of
 * the four is a time in 1973.
 */
const SECONDS_FROM = 1e8;
const MILLISECONDS_FROM = 1e11;
const MICROSECONDS_FROM = 1e14;
const NANOSECONDS_FROM = 1e17;

/**
 * Parses a line that is one JSON object with a message. llama-server writes such lines with `--log-jsonl`, and other
 * engines write them with other key names. `null`: any other line, such as an event of another `type`. Such a line
 * stays unchanged.
 */
export function readJsonLine(line: string): JsonLine | null {
  if (!line.endsWith('}') || line.length > MAX_CHARACTERS) return null;
  const value = parsed(line);
  if (value === null) return null;
  const { type } = value;
  if (type !== undefined && type !== 'log') return null;
  const message = MESSAGE_KEYS.map((key) => value[key]).find((text) => typeof text === 'string');
  if (message === undefined) return null;
  return { message, level: first(LEVEL_KEYS, value, levelIn), at: first(TIME_KEYS, value, timeIn) };
}

function parsed(line: string): Record<string, unknown> | null {
  try {
    // begins with a brace, so valid JSON can only be an object
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    // text that only begins and ends like an object
    return null;
  }
}

function first<Value>(
  keys: readonly string[],
  object: Record<string, unknown>,
  read: (value: unknown) => Value | null,
): Value | null {
  for (const key of keys) {
    const value = read(object[key]);
    if (value !== null) return value;
  }
  return null;
}

function levelIn(value: unknown): LogLevel | null {
  if (typeof value === 'string') return levelOf(value.trim());
  return typeof value === 'number' ? (NUMBERED[value] ?? null) : null;
}

function timeIn(value: unknown): number | null {
  if (typeof value === 'string') {
    const stamp = readStamp(value);
    if (stamp !== null) return stamp.at;
    return /^\d{9,20}(?:\.\d{1,9})?$/.test(value) ? timeIn(Number(value)) : null;
  }
  if (typeof value !== 'number' || !(value >= SECONDS_FROM)) return null;
  if (value >= NANOSECONDS_FROM) return value / 1e6;
  if (value >= MICROSECONDS_FROM) return value / 1e3;
  return value >= MILLISECONDS_FROM ? value : value * 1e3;
}
