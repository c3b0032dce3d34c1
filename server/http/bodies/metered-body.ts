import { Transform } from 'node:stream';
import { BodyBudget, type Reservation, SMALL_BODY } from '../../gateway/body-budget.ts';
import type { Clock } from '../../instances/ports/time.ts';

/** Bytes for all bodies under `/api`. One caller may use half of them, which is two of the largest bodies. */
const API_BODY_MEMORY = 64 * 1024 * 1024;

/**
 * Creates the budget of the API. The gateway has a budget of its own, so that callers of the API cannot keep out
 * inference.
 */
export function apiBodyBudget(clock: Pick<Clock, 'after'>): BodyBudget {
  return new BodyBudget({
    clock,
    bytes: API_BODY_MEMORY,
    refusals: {
      share:
        'The bodies of your requests in flight fill your half of the memory for bodies under /api (32 MiB). Send fewer at once.',
      budget: 'The memory for bodies under /api (64 MiB) stayed full for ten seconds. Try again in a moment.',
    },
  });
}

export interface MeteringOptions {
  budget: BodyBudget;
  /** The caller whose share of the memory the body uses. */
  caller: string;
  /** Most bytes that are read; a longer body is refused elsewhere. */
  largest: number;
  /** Aborts when the request is over, which releases the memory. */
  over: AbortSignal;
  /** Called when the body turns out to be so large that it needs memory of the budget. */
  onLarge: () => void;
}

/**
 * Counts the memory of one body under `/api` from its first byte until its request is over, because the request keeps
 * the values of the body. A body of at most 64 KiB is not counted: the limit of connections bounds the number of these.
 */
export class MeteredBody {
  readonly #options: MeteringOptions;
  #reservation: Reservation | null = null;
  #arrived = 0;

  constructor(options: MeteringOptions) {
    this.#options = options;
    options.over.addEventListener('abort', () => this.#reservation?.release(), { once: true });
  }

  /**
   * Waits for the memory of a body, which stays unread until then.
   *
   * @param length From its header; `null`: unknown, so memory is reserved as the body grows.
   * @throws {ApiError} 429 or 503 after ten seconds
   */
  async admit(length: number | null): Promise<void> {
    if (length !== null && length <= this.#options.largest) await this.#reserve(length);
  }

  /** Returns a stream that the body passes through. It fails like {@link admit}. */
  counter(): Transform {
    return new Transform({
      transform: (bytes: Buffer, _encoding, pass) => {
        this.#arrived += bytes.byteLength;
        const wait = this.#isCovered() ? null : this.#reserve(2 * this.#arrived);
        if (wait === null) pass(null, bytes);
        else wait.then(() => pass(null, bytes), pass);
      },
    });
  }

  #isCovered(): boolean {
    return this.#arrived <= Math.max(SMALL_BODY, this.#reservation?.bytes ?? 0);
  }

  /** @returns `null` when the memory is granted at once */
  #reserve(wanted: number): Promise<void> | null {
    const { budget, caller, largest, over, onLarge } = this.#options;
    const bytes = Math.min(wanted, largest);
    if (bytes <= SMALL_BODY) return null;
    if (this.#reservation !== null) return this.#granted(this.#reservation.grow(bytes, over));
    onLarge();
    const reserved = budget.reserve(caller, bytes, over);
    if (reserved instanceof Promise) return this.#granted(reserved.then((reservation) => this.#hold(reservation)));
    this.#hold(reserved);
    return null;
  }

  /** If a wait fails because its request is over, makes it reject with the reason of that end. */
  #granted(wait: Promise<void> | null): Promise<void> | null {
    return (
      wait?.catch((error: unknown) => {
        this.#options.over.throwIfAborted();
        throw error;
      }) ?? null
    );
  }

  #hold(reservation: Reservation): void {
    this.#reservation = reservation;
    if (this.#options.over.aborted) reservation.release();
  }
}
