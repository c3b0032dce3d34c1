import type { Clock } from '../instances/ports/time.ts';

/**
 * Collects writes and runs them at the end of a turn of the event loop, one after the other. The first write wakes the
 * reader on another core, which costs more than the write itself; the others find the reader awake. This halves the cost of
 * writes in a busy gateway.
 */
export class TurnEnd {
  readonly #clock: Pick<Clock, 'elapsed' | 'nextTurn'>;
  #writes: (() => void)[] = [];
  #endedAt = Number.NEGATIVE_INFINITY;

  constructor(clock: Pick<Clock, 'elapsed' | 'nextTurn'>) {
    this.#clock = clock;
  }

  /**
   * End of the last turn with writes, by the clock's `elapsed`. Bytes that had arrived on a socket by then are read in the
   * current turn, before its end.
   */
  get endedAt(): number {
    return this.#endedAt;
  }

  /** Runs `write` at the end of this turn. @param write Must not throw. */
  add(write: () => void): void {
    if (this.#writes.push(write) === 1) this.#clock.nextTurn(this.#writeAll);
  }

  #writeAll = (): void => {
    const writes = this.#writes;
    this.#writes = [];
    this.#endedAt = this.#clock.elapsed();
    for (const write of writes) write();
  };
}
