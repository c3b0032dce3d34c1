import { pause, type Clock } from '../../instances/ports/time.ts';

/** Bytes that may come at once after a rest. */
const BURST_SECONDS = 0.25;

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

  /** Resolves when the next bytes may be read. @param bytes That were read. */
  async took(bytes: number, signal: AbortSignal): Promise<void> {
    if (this.#bytesPerMs === 0) return;
    const now = this.#clock.elapsed();
    this.#takenUntil = Math.max(this.#takenUntil, now) + bytes / this.#bytesPerMs;
    const wait = this.#takenUntil - now - BURST_SECONDS * 1_000;
    if (wait > 0) await pause(this.#clock, wait, signal);
  }
}
