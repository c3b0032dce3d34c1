import { ConnectionError } from './errors.ts';
import type { StreamOptions } from './options.ts';
import { isPassing, resumeDelay } from './retry.ts';
import { pause, type Timing } from './timing.ts';

/** Decides when to resume a lost stream. */
export class Resumption {
  readonly #timing: Timing;
  readonly #address: string;
  readonly #options: StreamOptions;
  #failures = 0;

  constructor({ timing, address }: { timing: Timing; address: string }, options: StreamOptions) {
    this.#timing = timing;
    this.#address = address;
    this.#options = options;
  }

  /** Call it when an item arrives: the next loss starts with the shortest backoff. */
  succeeded(): void {
    this.#failures = 0;
  }

  /** Resolves when it is time to retry. @throws The error, if retrying would not help. */
  async failed(error: unknown): Promise<void> {
    const { signal, onInterruption } = this.#options;
    if (!(error instanceof Error && isPassing(error))) throw error;
    const delay = resumeDelay(error, this.#failures, this.#timing.random());
    this.#failures += 1;
    onInterruption?.({ error, attempt: this.#failures, delay });
    await pause(this.#timing, delay, signal);
  }

  /** Like {@link failed}, for a stream that the server ended normally. The first retry is immediate. */
  async ended(): Promise<void> {
    if (this.#failures === 0) this.#failures = 1;
    else await this.failed(new ConnectionError(`${this.#address} ended the stream.`, { url: this.#address }));
  }
}
