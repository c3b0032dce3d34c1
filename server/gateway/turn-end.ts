import type { Clock } from '../instances/ports.ts';

/**
 * Writes at the end of a turn of the event loop, one behind the other: the first wakes who reads on another core, which
 * costs more than the write itself, and the others find it awake. Halves what a busy gateway spends on writes.
 */
export class TurnEnd {
  readonly #clock: Pick<Clock, 'nextTurn'>;
  #writes: (() => void)[] = [];

  constructor(clock: Pick<Clock, 'nextTurn'>) {
    this.#clock = clock;
  }

  /** @param write Must not throw. */
  add(write: () => void): void {
    if (this.#writes.push(write) === 1) this.#clock.nextTurn(this.#writeAll);
  }

  #writeAll = (): void => {
    const writes = this.#writes;
    this.#writes = [];
    for (const write of writes) write();
  };
}
