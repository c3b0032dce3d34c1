import { ApiError, retryIn } from '@llamactl/contract/errors';
import type { Clock } from '../instances/ports/time.ts';

/** Bodies up to this many bytes are small: they never queue behind a large one. */
export const SMALL_BODY = 65_536;
/** Bytes for small bodies only; one caller may use half. Short requests work while large bodies fill the budget. */
const SMALL_POOL = 4 * 1024 * 1024;
/** How long a body may wait for memory. */
const LONGEST_WAIT_MS = 10_000;
/** `Retry-After` for a body that got no memory. It is a guess: the budget cannot know when memory becomes free. */
const RETRY_SECONDS = 5;

export interface BodyBudgetOptions {
  clock: Pick<Clock, 'after'>;
  /** Size of the budget. One caller may use half of it. */
  bytes: number;
  /** Default: those of the gateway, which name `gateway.body_memory_mb`. */
  refusals?: Refusals;
}

/** Sentences for a caller that gets no memory. */
export interface Refusals {
  /** The caller's share is full. */
  share: string;
  /** The budget is full. */
  budget: string;
}

/** Bytes of memory that one body may use. */
export interface Reservation {
  readonly bytes: number;
  /** The budget calls this to take the memory back for another body. `null`: the memory is in use. */
  reclaim: (() => void) | null;
  /**
   * Requests more bytes.
   *
   * @param bytes Size of the whole reservation.
   * @returns `null` when the bytes are granted at once
   * @throws {ApiError} 429 or 503, as a rejection, when the bytes are not granted within ten seconds
   */
  grow(bytes: number, signal: AbortSignal): Promise<void> | null;
  /** Reduces the reservation to `bytes`. */
  shrink(bytes: number): void;
  /** Releases all bytes. Further calls do nothing. */
  release(): void;
}

/** Reserved bytes, counted separately for large and for small bodies. */
interface Usage {
  large: number;
  small: number;
}

interface Waiter {
  held: Held;
  /** Size of the reservation once it is granted. */
  bytes: number;
  grant: () => void;
}

const NO_USAGE: Readonly<Usage> = { large: 0, small: 0 };

const OF_GATEWAY: Refusals = {
  share:
    'The bodies of your requests in flight fill your half of the memory for bodies (gateway.body_memory_mb). Send fewer at once, or name the model in the URL as ?model=NAME.',
  budget:
    'The memory for bodies (gateway.body_memory_mb) stayed full for ten seconds. Try again in a moment, or name the model in the URL as ?model=NAME.',
};

type Verdict = 'fits' | 'share is full' | 'budget is full';

/**
 * Limits the memory for bodies that this process holds, in total and for each caller.
 *
 * Large bodies get memory in order of arrival: while one waits because the whole budget is full, later ones wait behind
 * it. A small body blocks no other, and neither does a body that waits for its caller's own share. A half-read body
 * that needs more memory goes first, because it already holds some.
 */
export class BodyBudget {
  readonly #clock: Pick<Clock, 'after'>;
  readonly #bytes: number;
  readonly #refusals: Refusals;
  readonly #total: Usage = { large: 0, small: 0 };
  readonly #callers = new Map<string, Usage>();
  readonly #waiters: Waiter[] = [];
  /** Reservations that can be reclaimed, oldest first. */
  readonly #spare = new Set<Held>();
  #isSettling = false;

  constructor({ clock, bytes, refusals = OF_GATEWAY }: BodyBudgetOptions) {
    this.#clock = clock;
    this.#bytes = bytes;
    this.#refusals = refusals;
  }

  /** Bytes that are reserved at the moment. */
  get used(): number {
    return this.#total.large + this.#total.small;
  }

  /** Number of requests that wait for memory. */
  get waiting(): number {
    return this.#waiters.length;
  }

  /** Number of callers that hold memory. */
  get callers(): number {
    return this.#callers.size;
  }

  /**
   * Reserves memory for a body.
   *
   * @param caller Requests with the same caller share one half of the budget.
   * @param bytes Size of the body, at most 64 MiB. A body larger than the budget fits when no other large body is held.
   * @param signal Aborted when the caller has left, which ends the wait.
   * @throws {ApiError} `RATE_LIMITED` when the caller's share stays full for ten seconds, `CAPACITY_EXCEEDED` (503)
   *   when the budget does
   */
  reserve(caller: string, bytes: number, signal: AbortSignal): Reservation | Promise<Reservation> {
    const held = new Held(this, caller);
    const wait = this.request(held, bytes, signal);
    return wait === null ? held : wait.then(() => held);
  }

  /** For {@link Held}: requests a new size for a reservation. @returns `null` when it is granted at once */
  request(held: Held, bytes: number, signal: AbortSignal): Promise<void> | null {
    // Hot path: a small body that fits does not queue.
    if (bytes <= SMALL_BODY && this.#judge(held, bytes) === 'fits') {
      this.change(held, bytes);
      return null;
    }
    let isGranted = false;
    const waiter: Waiter = { held, bytes, grant: () => (isGranted = true) };
    // Growing reservations go before all that hold no memory yet.
    const firstNew = this.#waiters.findIndex((each) => each.held.bytes === 0);
    if (held.bytes === 0 || firstNew === -1) this.#waiters.push(waiter);
    else this.#waiters.splice(firstNew, 0, waiter);
    this.settle();
    return isGranted ? null : this.#wait(waiter, signal);
  }

  /** For {@link Held}: sets the size of a reservation. */
  change(held: Held, bytes: number): void {
    const usage = this.#callers.get(held.caller) ?? { large: 0, small: 0 };
    rebook(this.#total, held.bytes, bytes);
    rebook(usage, held.bytes, bytes);
    held.bytes = bytes;
    if (usage.large + usage.small === 0) this.#callers.delete(held.caller);
    else this.#callers.set(held.caller, usage);
  }

  /** For {@link Held}: sets whether a reservation can be reclaimed. */
  spare(held: Held, isSpare: boolean): void {
    if (!isSpare) return void this.#spare.delete(held);
    this.#spare.add(held);
    if (this.#waiters.length > 0) this.settle();
  }

  /** Grants all waiting requests that fit now. */
  settle(): void {
    // Reclaiming memory releases it, which calls this method again.
    if (this.#isSettling || this.#waiters.length === 0) return;
    this.#isSettling = true;
    try {
      let isBlocked = false;
      for (const waiter of this.#waiters.slice()) {
        const isLarge = waiter.bytes > SMALL_BODY;
        if (isBlocked && isLarge && waiter.held.bytes === 0) continue;
        const verdict = this.#judgeAfterReclaiming(waiter);
        if (verdict === 'fits') {
          this.#drop(waiter);
          this.change(waiter.held, waiter.bytes);
          waiter.grant();
        } else if (verdict === 'budget is full' && isLarge) isBlocked = true;
      }
    } finally {
      this.#isSettling = false;
    }
  }

  #wait(waiter: Waiter, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const end = (settle: () => void): void => {
        cancel();
        signal.removeEventListener('abort', leave);
        this.#drop(waiter);
        settle();
        this.settle();
      };
      const leave = (): void => end(() => reject(new Error('the caller left')));
      const cancel = this.#clock.after(LONGEST_WAIT_MS, () =>
        end(() => reject(this.#refusal(this.#judge(waiter.held, waiter.bytes)))),
      );
      waiter.grant = () => end(resolve);
      signal.addEventListener('abort', leave, { once: true });
      if (signal.aborted) leave();
    });
  }

  #refusal(verdict: Verdict): ApiError {
    const { share, budget } = this.#refusals;
    if (verdict === 'share is full') return new ApiError('RATE_LIMITED', share, retryIn(RETRY_SECONDS));
    return new ApiError('CAPACITY_EXCEEDED', budget, { status: 503, ...retryIn(RETRY_SECONDS) });
  }

  #drop(waiter: Waiter): void {
    const index = this.#waiters.indexOf(waiter);
    if (index !== -1) this.#waiters.splice(index, 1);
  }

  #judgeAfterReclaiming({ held, bytes }: Waiter): Verdict {
    let verdict = this.#judge(held, bytes);
    for (const spare of this.#spare) {
      if (verdict === 'fits') break;
      if (spare === held || (verdict === 'share is full' && spare.caller !== held.caller)) continue;
      spare.reclaim?.();
      verdict = this.#judge(held, bytes);
    }
    return verdict;
  }

  #judge({ caller, bytes: before }: Held, bytes: number): Verdict {
    const own = this.#callers.get(caller) ?? NO_USAGE;
    const total = this.#total;
    // Bytes that this reservation already holds do not count. Numbers, not objects: this runs for each small body.
    const isSmall = before <= SMALL_BODY;
    const beforeSmall = isSmall ? before : 0;
    const beforeLarge = isSmall ? 0 : before;
    const ownAfter = own.large + own.small - before + bytes;
    const totalAfter = total.large + total.small - before + bytes;
    if (bytes <= SMALL_BODY) {
      const isOwnPoolFull = own.small - beforeSmall + bytes > SMALL_POOL / 2;
      if (ownAfter > this.#bytes / 2 && isOwnPoolFull) return 'share is full';
      const isPoolFull = isOwnPoolFull || total.small - beforeSmall + bytes > SMALL_POOL;
      return totalAfter > this.#bytes && isPoolFull ? 'budget is full' : 'fits';
    }
    if (ownAfter > this.#bytes / 2 && own.large > beforeLarge) return 'share is full';
    if (totalAfter <= this.#bytes) return 'fits';
    const isAlone = total.large === beforeLarge && total.small - beforeSmall <= SMALL_POOL;
    return bytes > this.#bytes && isAlone ? 'fits' : 'budget is full';
  }
}

class Held implements Reservation {
  readonly #budget: BodyBudget;
  readonly caller: string;
  bytes = 0;
  #reclaim: (() => void) | null = null;

  constructor(budget: BodyBudget, caller: string) {
    this.#budget = budget;
    this.caller = caller;
  }

  get reclaim(): (() => void) | null {
    return this.#reclaim;
  }

  set reclaim(reclaim: (() => void) | null) {
    if ((reclaim === null) === (this.#reclaim === null)) return;
    this.#reclaim = reclaim;
    this.#budget.spare(this, reclaim !== null);
  }

  grow(bytes: number, signal: AbortSignal): Promise<void> | null {
    return bytes <= this.bytes ? null : this.#budget.request(this, bytes, signal);
  }

  shrink(bytes: number): void {
    if (bytes >= this.bytes) return;
    this.#budget.change(this, bytes);
    this.#budget.settle();
  }

  release(): void {
    this.reclaim = null;
    this.shrink(0);
  }
}

/** Counts one reservation with `after` bytes instead of `before`. */
function rebook(usage: Usage, before: number, after: number): void {
  if (before <= SMALL_BODY) usage.small -= before;
  else usage.large -= before;
  if (after <= SMALL_BODY) usage.small += after;
  else usage.large += after;
}
