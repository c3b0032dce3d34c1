import type { Clock } from '../instances/ports/time.ts';

/**
 * Most bytes of bodies that are read in one turn of the event loop. One socket alone brings up to 2 MiB a turn, so eight
 * callers at full speed took 20 ms, for copying and for the page faults of new memory.
 */
const BYTES_A_TURN = 1_048_576;
/** A resumed reader takes at least this many bytes: one read from a socket. */
const SHORTEST_READ = 65_536;

/** Limits how many bytes of all bodies together are read in one turn. Readers beyond the limit pause and take turns. */
export class ReadingPace {
  readonly #clock: Pick<Clock, 'nextTurn'>;
  #left = BYTES_A_TURN;
  #paused: (() => void)[] = [];
  #isScheduled = false;

  constructor(clock: Pick<Clock, 'nextTurn'>) {
    this.#clock = clock;
  }

  /**
   * Counts bytes that a reader took.
   *
   * @param resume Called in a later turn if the reader must pause. Readers resume in the order in which they paused.
   * @returns whether the reader must pause
   */
  count(bytes: number, resume: () => void): boolean {
    this.#left -= bytes;
    if (!this.#isScheduled) {
      this.#isScheduled = true;
      this.#clock.nextTurn(this.#begin);
    }
    if (this.#left > 0) return false;
    this.#paused.push(resume);
    return true;
  }

  #begin = (): void => {
    this.#left = BYTES_A_TURN;
    const resumed = this.#paused.splice(0, BYTES_A_TURN / SHORTEST_READ);
    this.#isScheduled = this.#paused.length > 0;
    if (this.#isScheduled) this.#clock.nextTurn(this.#begin);
    for (const resume of resumed) resume();
  };
}
