import type { Clock } from './ports.ts';

/** Who waits for a slot: first come, first served. */
interface Waiter {
  instance: string;
  onGranted: () => void;
}

/**
 * Sole owner of slots and of the order in which instances may start. Every start of any cause passes here, so that a
 * limit put here later is a limit on all of them. There is none yet: whoever asks is granted, one an event-loop turn,
 * because a spawn blocks the loop for a millisecond or more (it forks) and fifty in one turn would stall every request.
 *
 * A slot belongs to an instance, not to a run: a restart keeps it.
 */
export class Scheduler {
  readonly #clock: Clock;
  readonly #slots = new Set<string>();
  #queue: Waiter[] = [];
  #isGranting = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Asks for a slot; `onGranted` is called in a later turn. A second request of an instance replaces the first. */
  request(instance: string, onGranted: () => void): void {
    this.#queue = [...this.#queue.filter((waiter) => waiter.instance !== instance), { instance, onGranted }];
    this.#grantSoon();
  }

  /** Occupies a slot without asking: the instance's engine was found alive. */
  take(instance: string): void {
    this.#slots.add(instance);
  }

  /** Gives back the slot, or withdraws the request. */
  release(instance: string): void {
    this.#slots.delete(instance);
    this.#queue = this.#queue.filter((waiter) => waiter.instance !== instance);
  }

  /** Instances that hold a slot. */
  get held(): ReadonlySet<string> {
    return this.#slots;
  }

  #grantSoon(): void {
    if (this.#isGranting) return;
    this.#isGranting = true;
    this.#clock.nextTurn(() => {
      this.#isGranting = false;
      const [next, ...rest] = this.#queue;
      if (next === undefined) return;
      this.#queue = rest;
      this.#slots.add(next.instance);
      next.onGranted();
      if (this.#queue.length > 0) this.#grantSoon();
    });
  }
}
