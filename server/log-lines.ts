import { pino } from 'pino';
import type { Clock } from './instances/ports.ts';
import { LogOutput } from './service/log-output.ts';

/** Where lines go. */
export interface LineSink {
  write(lines: string): void;
}

/** How long a line may wait for others, milliseconds. */
const PATIENCE_MS = 50;
/** UTF-16 units that wait at most. */
const MOST = 32_768;
const WARNING = pino.levels.values['warn'] ?? 0;

/**
 * Collects the lines of a log and writes those of 50 ms together: a write for each request took a seventh of the time of
 * a busy gateway. A warning is written at once, with all that came before it, and so is everything when the process ends;
 * a SIGKILL loses what it would have lost 50 ms earlier.
 */
export class LogLines {
  /** Asks pino for {@link lastLevel}. */
  readonly [pino.symbols.needsMetadataGsym] = true;
  /** Of the line that is being written. Set by pino. */
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

/** To the standard error of this process, up to its last line. */
export function standardErrorLines(clock: Clock): LogLines {
  const output = new LogOutput(2, clock);
  const lines = new LogLines(output, clock);
  process.once('exit', () => {
    lines.flush();
    output.end();
  });
  return lines;
}

/** The time of a line, as pino wants it: RFC 3339, made once a millisecond, in which a busy gateway writes twenty. */
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
