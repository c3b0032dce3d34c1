import { TimeoutError } from './errors.ts';
import { reasonOf, type Timing } from './timing.ts';

/** Aborts one attempt of a request when its timeout passes or the caller's signal is aborted. */
export class Deadline {
  readonly #controller = new AbortController();
  readonly #caller: AbortSignal | undefined;
  readonly #timing: Pick<Timing, 'after'>;
  readonly #onAbort = (): void => this.#controller.abort(reasonOf(this.#caller));
  #cancel = (): void => undefined;

  /** @throws The reason of the caller's signal, if it is already aborted. */
  constructor(timing: Pick<Timing, 'after'>, caller: AbortSignal | undefined) {
    if (caller?.aborted === true) throw reasonOf(caller);
    this.#timing = timing;
    this.#caller = caller;
    caller?.addEventListener('abort', this.#onAbort, { once: true });
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Sets the timeout, in seconds from now, and replaces the previous one; 0: no timeout. */
  within(seconds: number, url: string): void {
    this.#cancel();
    this.#cancel = (): void => undefined;
    if (seconds <= 0) return;
    this.#cancel = this.#timing.after(seconds, () => {
      const message = `${new URL(url).origin} did not answer within ${seconds} s.`;
      this.#controller.abort(new TimeoutError(message, { url }));
    });
  }

  /** Why the attempt was aborted; `null`: it was not. Use this error, because platforms throw different ones. */
  get reason(): Error | null {
    return this.signal.aborted ? reasonOf(this.signal) : null;
  }

  /** Ends the attempt and its timer, and removes the listener from the caller's signal. */
  close(): void {
    this.#cancel();
    this.#caller?.removeEventListener('abort', this.#onAbort);
    this.#controller.abort();
  }
}
