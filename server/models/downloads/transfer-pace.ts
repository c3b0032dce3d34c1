/** How far back the speed looks, in milliseconds: shorter jumps, longer lags behind. */
const WINDOW_MS = 5_000;

/** The speed of a transfer over the last seconds. */
export class TransferPace {
  readonly #points: { at: number; bytes: number }[] = [];

  /** @param at By `Clock.elapsed`. @param bytes Of all that is there. */
  note(at: number, bytes: number): void {
    const last = this.#points.at(-1);
    // Bytes were removed, because they were wrong.
    if (last !== undefined && bytes < last.bytes) this.reset();
    this.#points.push({ at, bytes });
    while (this.#points.length > 2 && (this.#points[1]?.at ?? at) < at - WINDOW_MS) this.#points.shift();
  }

  reset(): void {
    this.#points.length = 0;
  }

  /** Bytes per second, rounded; 0: nothing came in the last seconds. @param now By `Clock.elapsed`. */
  speed(now: number): number {
    const [first] = this.#points;
    const last = this.#points.at(-1);
    if (first === undefined || last === undefined || last.at < now - WINDOW_MS) return 0;
    const passed = now - first.at;
    return passed <= 0 ? 0 : Math.round(((last.bytes - first.bytes) * 1_000) / passed);
  }
}
