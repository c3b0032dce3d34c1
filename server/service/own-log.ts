import { codeOf } from '@llamactl/contract/reason';
import { LOG_LEVELS, type LogLevel } from '@llamactl/contract/logs';
import { ServerLogEntrySchema, type ServerLog, type ServerLogEntry } from '@llamactl/contract/server-log';
import { fstatSync, readSync } from 'node:fs';

/** Which lines of the log to return. */
export interface OwnLogQuery {
  /** How many lines, after filtering. */
  lines: number;
  /** Lines of this level and above. */
  level: LogLevel;
  /** Only lines with this text, ignoring case; `null`: all. */
  text: string | null;
}

/** Most UTF-16 units of all lines, and of warnings that are older. */
const MOST = 1_048_576;
const MOST_WARNINGS = 262_144;
/** Most bytes that are read back from a file of an earlier process. */
const READ_BACK = 524_288;
/** Finds warnings and errors among JSON lines of pino, without parsing them. */
const WARNING = /^\{"level":[456]0,.*\n/gm;

/**
 * The last lines of llamactl's own log, in memory. The log itself goes to the standard error, so that this process cannot
 * read it back from a journal or a pipe. Of older lines it keeps warnings and errors, which a busy server would push out.
 */
export class OwnLog {
  #pieces: string[] = [];
  #size = 0;
  #warnings = '';

  /** Adds lines. @param lines JSON of pino; one or more, each with its line break */
  write(lines: string): void {
    this.#pieces.push(lines);
    this.#size += lines.length;
    while (this.#size > MOST && this.#pieces.length > 1) {
      const oldest = this.#pieces.shift() ?? '';
      this.#size -= oldest.length;
      const warnings = oldest.match(WARNING);
      if (warnings !== null) this.#warnings = lastLines(this.#warnings + warnings.join(''), MOST_WARNINGS);
    }
  }

  /**
   * Adds the lines that an earlier process of this log has written, if the log is a file that can be read.
   *
   * @param descriptor Of the log.
   */
  readBack(descriptor: number): void {
    try {
      const stats = fstatSync(descriptor);
      if (!stats.isFile()) return;
      const from = Math.max(0, stats.size - READ_BACK);
      const bytes = Buffer.alloc(stats.size - from);
      const text = bytes.toString('utf8', 0, readSync(descriptor, bytes, 0, bytes.length, from));
      const lines = text.split('\n').filter((line) => line.startsWith('{"level":'));
      if (lines.length > 0) this.write(`${lines.join('\n')}\n`);
    } catch (error) {
      // The descriptor is closed, or only for writing.
      if (codeOf(error) === null) throw error;
    }
  }

  /** Returns the last lines that match. */
  read({ lines, level, text }: OwnLogQuery): ServerLog {
    const all = this.#pieces.join('');
    const found: ServerLogEntry[] = [];
    const least = LOG_LEVELS.indexOf(level);
    const wanted = text?.toLowerCase() ?? '';
    for (const line of (this.#warnings + all).split('\n').toReversed()) {
      if (found.length === lines) break;
      const entry = entryOf(line);
      if (entry === null || LOG_LEVELS.indexOf(entry.level) < least) continue;
      if (wanted === '' || textOf(entry).includes(wanted)) found.push(entry);
    }
    return { logs: found.toReversed(), since: sinceOf(all) };
  }
}

/** The end of a text from the begin of a line. */
function lastLines(text: string, most: number): string {
  return text.length <= most ? text : text.slice(text.indexOf('\n', text.length - most) + 1);
}

function sinceOf(all: string): string | null {
  for (const line of all.split('\n', 100)) {
    const entry = entryOf(line);
    if (entry !== null) return entry.timestamp;
  }
  return null;
}

/** `null`: it is no line of the log. */
function entryOf(line: string): ServerLogEntry | null {
  if (!line.startsWith('{')) return null;
  try {
    const { level, time: timestamp, msg: message = '', ...fields } = JSON.parse(line) as Record<string, unknown>;
    const { success, data } = ServerLogEntrySchema.safeParse({ timestamp, level: levelOf(level), message, fields });
    return success ? data : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

/** @param level Of pino: 10 to 60. */
function levelOf(level: unknown): LogLevel {
  const number = Number(level);
  if (number >= 50) return 'error';
  if (number >= 40) return 'warn';
  return number >= 30 ? 'info' : 'debug';
}

function textOf({ message, fields }: ServerLogEntry): string {
  return `${message} ${JSON.stringify(fields)}`.toLowerCase();
}
