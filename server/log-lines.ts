import { pino } from 'pino';
import type { Clock } from './instances/ports/time.ts';
import { LogOutput } from './service/log-output.ts';

/** Receives lines of the log. */
export interface LineSink {
  write(lines: string): void;
}

/** Descriptor of the standard error. */
export const STANDARD_ERROR = 2;
/** How long a line may wait for others, milliseconds. */
const PATIENCE_MS = 50;
/** Most UTF-16 units that wait. */
const MOST = 32_768;
const WARNING = pino.levels.values['warn'] ?? 0;

/**
 * Collects the lines of a log and writes those of 50 ms together: one write per request took a seventh of a busy gateway's time.
 * A warning is written at once, with all lines before it. All lines are written when the process ends; a SIGKILL loses at most
 * the lines of the last 50 ms.
 */
export class LogLines {
  /** Makes pino set {@link lastLevel}. */
  readonly [pino.symbols.needsMetadataGsym] = true;
  /** Level of the line that is being written. Set by pino. */
  lastLevel = 0;
  readonly #sink: LineSink;
  readonly #clock: Pick<Clock, 'after'>;
  #lines = '';

  constructor(sink: LineSink, clock: Pick<Clock, 'after'>) {
    this.#sink = sink;
    this.#clock = clock;
  }

  /** @param line With its line break. */
  write(line: string): void {
    if (this.#lines === '') this.#clock.after(PATIENCE_MS, this.flush);
    this.#lines += line;
    if (this.lastLevel >= WARNING || this.#lines.length >= MOST) this.flush();
  }

  /** Writes what has been collected. */
  flush = (): void => {
    const lines = this.#lines;
    if (lines === '') return;
    this.#lines = '';
    this.#sink.write(lines);
  };
}

/**
 * Creates lines that go to the standard error of this process, including the last line before its end.
 *
 * @param copy Gets the same lines.
 */
export function standardErrorLines(clock: Clock, copy: LineSink): LogLines {
  const output = new LogOutput(STANDARD_ERROR, clock);
  const both = (text: string): void => {
    output.write(text);
    copy.write(text);
  };
  const lines = new LogLines({ write: both }, clock);
  process.once('exit', () => {
    lines.flush();
    output.end();
  });
  return lines;
}

/**
 * Returns a function that makes pino's time field. It formats RFC 3339 once per millisecond, in which a busy gateway
 * writes twenty lines.
 */
export function timestamps(clock: Pick<Clock, 'now'>): () => string {
  let at = Number.NaN;
  let field = '';
  return () => {
    const now = clock.now();
    if (now !== at) field = `,"time":"${new Date(now).toISOString()}"`;
    at = now;
    return field;
  };
}
