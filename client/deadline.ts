import { TimeoutError } from './errors.ts';
import { reasonOf, type Timing } from './timing.ts';

/** What ends one try of a request: the caller, or the time that it may take. */
export class Deadline {
  readonly #controller = new AbortController();
  readonly #caller: AbortSignal | undefined;
  readonly #timing: Pick<Timing, 'after'>;
  readonly #onAbort = (): void => this.#controller.abort(reasonOf(this.#caller));
  #cancel = (): void => undefined;

  /** @throws the reason of the caller's signal, when that is aborted already */
  constructor(timing: Pick<Timing, 'after'>, caller: AbortSignal | undefined) {
    if (caller?.aborted === true) throw reasonOf(caller);
    this.#timing = timing;
    this.#caller = caller;
    caller?.addEventListener('abort', this.#onAbort, { once: true });
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Gives up when nothing else is said for so many seconds; 0: never. Replaces what was said before. */
  within(seconds: number, url: string): void {
    this.#cancel();
    this.#cancel = (): void => undefined;
    if (seconds <= 0) return;
    this.#cancel = this.#timing.after(seconds, () => {
      const message = `${new URL(url).origin} did not answer within ${seconds} s.`;
      this.#controller.abort(new TimeoutError(message, { url }));
    });
  }

  /** Why it was ended; `null`: it was not. What platforms throw then differs. */
  get reason(): Error | null {
    return this.signal.aborted ? reasonOf(this.signal) : null;
  }

  /** Ends what still goes on, and lets go of the caller's signal. */
  close(): void {
    this.#cancel();
    this.#caller?.removeEventListener('abort', this.#onAbort);
    this.#controller.abort();
  }
}
