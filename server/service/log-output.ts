import { codeOf } from '@llamactl/contract/reason';
import { writeSync } from 'node:fs';
import type { Clock } from '../instances/ports/time.ts';

/** Most bytes kept for a slow reader; further lines are dropped and counted. */
const MOST_WAITING = 1_048_576;
const TRY_AGAIN_MS = 50;

/**
 * Writes the server's log to a file, a pipe or the journal. Failures never stop the server.
 *
 * - If the reader is gone, nothing more is written.
 * - If the reader is slow, up to a mebibyte is kept for it.
 * - If the disk is full, lines are lost.
 *
 * The next line that can be written reports how many lines were lost.
 */
export class LogOutput {
  readonly #descriptor: number;
  readonly #clock: Clock;
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #waitingLines = 0;
  #lost = 0;
  #isGone = false;

  constructor(descriptor: number, clock: Clock) {
    this.#descriptor = descriptor;
    this.#clock = clock;
  }

  /** Writes lines. Never throws. @param lines One or more, each with its line break. */
  write(lines: string): void {
    if (this.#isGone) return;
    const bytes = Buffer.from(lines);
    const count = lines.split('\n').length - 1;
    if (this.#waiting.length > 0) return this.#keep(bytes, count);
    const rest = this.#put(this.#lost === 0 ? bytes : Buffer.concat([this.#report(), bytes]), count);
    if (rest === null) return;
    this.#keep(rest, count);
    this.#tryLater();
  }

  /** Tries once more to write the waiting lines, then drops them: the process ends. */
  end(): void {
    if (this.#waiting.length > 0) this.#put(Buffer.concat(this.#waiting.splice(0)), 0);
  }

  #keep(bytes: Buffer, lines: number): void {
    if (this.#waitingBytes + bytes.length > MOST_WAITING) {
      this.#lost += lines;
      return;
    }
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.length;
    this.#waitingLines += lines;
  }

  #tryLater(): void {
    this.#clock.after(TRY_AGAIN_MS, () => {
      const lines = this.#waitingLines;
      const all = Buffer.concat(this.#waiting);
      this.#waiting = [];
      this.#waitingBytes = 0;
      this.#waitingLines = 0;
      const rest = this.#put(all, lines);
      if (rest === null) return;
      this.#keep(rest, lines);
      this.#tryLater();
    });
  }

  /** Writes bytes. @returns the bytes that the reader does not accept now; `null`: all were written or lost */
  #put(bytes: Buffer, lines: number): Buffer | null {
    for (let done = 0; done < bytes.length;) {
      try {
        done += writeSync(this.#descriptor, bytes, done);
      } catch (error) {
        const code = codeOf(error);
        if (code === 'EAGAIN') return bytes.subarray(done);
        if (code === 'EPIPE') this.#isGone = true;
        this.#lost += lines;
        return null;
      }
    }
    return null;
  }

  #report(): Buffer {
    const msg = `${this.#lost} lines of this log were lost: they could not be written`;
    this.#lost = 0;
    return Buffer.from(`${JSON.stringify({ level: 40, time: new Date(this.#clock.now()).toISOString(), msg })}\n`);
  }
}
