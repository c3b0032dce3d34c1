import type { Clock } from './instances/ports/time.ts';

/** How long all jobs together may work in one turn of the event loop. */
const SLICE_MS = 3;

/**
 * A job that can pause at each `yield`. The work between two yields takes less than a millisecond, or cannot be
 * divided.
 */
export type Sliced<Result> = Generator<undefined, Result, undefined>;

/** Runs one step of a job. @returns whether the job is over */
type Step = () => boolean;

/**
 * Runs long jobs in slices, so that the event loop does other work in between. Jobs take turns. A process needs exactly
 * one object of this class: with two, a turn would take the time of both.
 */
export class SlicedWork {
  readonly #clock: Pick<Clock, 'elapsed' | 'nextTurn'>;
  readonly #jobs: Step[] = [];
  /** Milliseconds of this turn that jobs have used. */
  #used = 0;
  #isTurnScheduled = false;
  /** Set while steps run: a step may add a job. */
  #isWorking = false;

  constructor(clock: Pick<Clock, 'elapsed' | 'nextTurn'>) {
    this.#clock = clock;
  }

  /**
   * Runs work. Begins at once if this turn has time left, so that short work is done when this method returns. Rejects
   * with the error that the work throws, or with the reason of the signal.
   *
   * @param signal Aborted when the caller has left, which ends the work. `null`: the work is always completed.
   */
  run<Result>(work: Sliced<Result>, signal: AbortSignal | null): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.#jobs.push(() => {
        try {
          signal?.throwIfAborted();
          const step = work.next();
          if (step.done === true) resolve(step.value);
          return step.done === true;
        } catch (error) {
          reject(error);
          return true;
        }
      });
      if (!this.#isWorking) this.#work();
    });
  }

  /** Runs work that no caller waits for, from the next turn on. @param work Must not throw. */
  runLater(work: Sliced<void>): void {
    this.#jobs.push(() => work.next().done === true);
    this.#scheduleTurn();
  }

  #work(): void {
    this.#isWorking = true;
    try {
      this.#runSteps();
    } finally {
      this.#isWorking = false;
      if (this.#used > 0 || this.#jobs.length > 0) this.#scheduleTurn();
    }
  }

  #runSteps(): void {
    const begun = this.#clock.elapsed() - this.#used;
    // A turn begins with a step, however long it has waited: otherwise a slow machine makes no progress.
    while (this.#used < SLICE_MS) {
      const step = this.#jobs.shift();
      if (step === undefined) return;
      if (!step()) this.#jobs.push(step);
      this.#used = this.#clock.elapsed() - begun;
    }
  }

  #scheduleTurn(): void {
    if (this.#isTurnScheduled) return;
    this.#isTurnScheduled = true;
    this.#clock.nextTurn(this.#beginTurn);
  }

  #beginTurn = (): void => {
    this.#isTurnScheduled = false;
    this.#used = 0;
    this.#work();
  };
}

/** Runs work without pausing. */
export function atOnce<Result>(work: Sliced<Result>): Result {
  for (;;) {
    const step = work.next();
    if (step.done === true) return step.value;
  }
}
