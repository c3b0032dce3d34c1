import type { Clock } from '../instances/ports.ts';

/**
 * Writes at the end of a turn of the event loop, one behind the other: the first wakes who reads on another core, which
 * costs more than the write itself, and the others find it awake. Halves what a busy gateway spends on writes.
 */
export class TurnEnd {
  readonly #clock: Pick<Clock, 'elapsed' | 'nextTurn'>;
  #writes: (() => void)[] = [];
  #endedAt = Number.NEGATIVE_INFINITY;

  constructor(clock: Pick<Clock, 'elapsed' | 'nextTurn'>) {
    this.#clock = clock;
  }

  /**
   * When the last turn ended in which something was written, by the clock's `elapsed`. What had arrived on a socket by then
   * is read in this turn, before its end.
   */
  get endedAt(): number {
    return this.#endedAt;
  }

  /** @param write Must not throw. */
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
