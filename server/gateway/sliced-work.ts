import type { Clock } from '../instances/ports/time.ts';

/** How long all jobs together may work in one turn of the event loop. */
const SLICE_MS = 3;

interface Job {
  step: () => boolean;
  resolve: () => void;
  reject: (error: unknown) => void;
  /** Aborted when the caller has left, which ends the job. `null`: the job is always completed. */
  signal: AbortSignal | null;
}

/** Runs long jobs in slices, so that the event loop does other work in between. Jobs take turns. */
export class SlicedWork {
  readonly #clock: Pick<Clock, 'elapsed' | 'nextTurn'>;
  #jobs: Job[] = [];

  constructor(clock: Pick<Clock, 'elapsed' | 'nextTurn'>) {
    this.#clock = clock;
  }

  /**
   * Calls `step` until it returns true. Rejects with the error that `step` throws, or when the caller has left.
   *
   * @param step Must take less than a millisecond.
   */
  run(step: () => boolean, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => this.#add({ step, resolve, reject, signal }));
  }

  /** Calls `step` until it returns true, without a caller. @param step Must take less than a millisecond and not throw. */
  runToEnd(step: () => boolean): void {
    const fail = (error: unknown): void =>
      queueMicrotask(() => {
        throw error;
      });
    this.#add({ step, resolve: () => undefined, reject: fail, signal: null });
  }

  #add(job: Job): void {
    this.#jobs.push(job);
    if (this.#jobs.length === 1) this.#clock.nextTurn(this.#work);
  }

  #work = (): void => {
    const begun = this.#clock.elapsed();
    while (this.#clock.elapsed() - begun < SLICE_MS) {
      const job = this.#jobs[0];
      if (job === undefined) return;
      const isOver = advance(job);
      this.#jobs.shift();
      if (!isOver) this.#jobs.push(job);
    }
    if (this.#jobs.length > 0) this.#clock.nextTurn(this.#work);
  };
}

/** Runs one step of a job. @returns whether the job is over */
function advance({ step, resolve, reject, signal }: Job): boolean {
  try {
    signal?.throwIfAborted();
    if (!step()) return false;
    resolve();
  } catch (error) {
    reject(error);
  }
  return true;
}
