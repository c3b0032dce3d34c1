import { pause, type Clock } from '../../instances/ports/time.ts';

/** Bytes that may come at once after a rest. */
const BURST_SECONDS = 0.25;

/** Below this rate a connection looks broken to servers and to us: a chunk of some 64 kB would take seconds. */
const LEAST_BYTES_PER_SECOND = 250_000;

/** Spreads the bytes of all transfers over time. */
export class Bandwidth {
  readonly #clock: Pick<Clock, 'elapsed' | 'after'>;
  readonly #bytesPerMs: number;
  /** Until when the bytes that were taken last, by `Clock.elapsed`. */
  #takenUntil = -Infinity;

  /** @param bytesPerSecond 0: no limit. */
  constructor(clock: Pick<Clock, 'elapsed' | 'after'>, bytesPerSecond: number) {
    this.#clock = clock;
    this.#bytesPerMs = bytesPerSecond / 1_000;
  }

  /** How many connections of one transfer get enough of the limit. @param most Without a limit. */
  connections(most: number): number {
    if (this.#bytesPerMs === 0) return most;
    return Math.max(1, Math.min(most, Math.floor((this.#bytesPerMs * 1_000) / LEAST_BYTES_PER_SECOND)));
  }

  /** Resolves when the next bytes may be read. @param bytes That were read. */
  async took(bytes: number, signal: AbortSignal): Promise<void> {
    if (this.#bytesPerMs === 0) return;
    const now = this.#clock.elapsed();
    this.#takenUntil = Math.max(this.#takenUntil, now) + bytes / this.#bytesPerMs;
    const wait = this.#takenUntil - now - BURST_SECONDS * 1_000;
    if (wait > 0) await pause(this.#clock, wait, signal);
  }
}
