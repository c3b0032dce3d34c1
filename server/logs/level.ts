import { LOG_LEVELS, type LogLevel } from '@llamactl/contract/logs';

const RANK = Object.fromEntries(LOG_LEVELS.map((level, rank) => [level, rank])) as Record<LogLevel, number>;

/** Levels by their names in various loggers, in lower case. */
const LEVELS: ReadonlyMap<string, LogLevel> = new Map([
  ...words('debug', 'debug', 'trace', 'verbose', 'd'),
  ...words('info', 'info', 'information', 'notice', 'success', 'i'),
  ...words('warn', 'warn', 'warning', 'w'),
  ...words('error', 'error', 'err', 'e', 'critical', 'crit', 'fatal', 'severe', 'panic', 'alert', 'emergency', 'emerg'),
]);

function words(level: LogLevel, ...names: string[]): [string, LogLevel][] {
  return names.map((name) => [name, level]);
}

/** Whether a line of `level` passes a filter; `null`: every line. */
export function passes(level: LogLevel, filter: LogLevel | null): boolean {
  return filter === null || RANK[level] >= RANK[filter];
}

/** Returns the level that a logger's word names, in any case; `null`: the word names none. */
export function levelOf(word: string): LogLevel | null {
  return LEVELS.get(word.toLowerCase()) ?? null;
}
