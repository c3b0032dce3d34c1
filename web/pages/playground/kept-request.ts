import { ValueStore } from '../../lib/value-store.ts';

/** The last request, and its outcome. */
export interface RequestState<Result> {
  isRunning: boolean;
  /** `null`: no answer yet, or the request failed. */
  result: Result | null;
  /** Why the request failed; `null`: it did not. */
  error: Error | null;
}

/** Owns requests of which only the last one counts. Its owner outlives the part of the page that shows the outcome. */
export class KeptRequest<Input, Result> {
  readonly state = new ValueStore<RequestState<Result>>({ isRunning: false, result: null, error: null });
  readonly #send: (input: Input) => Promise<Result>;

  constructor(send: (input: Input) => Promise<Result>) {
    this.#send = send;
  }

  /** Sends a request, unless one runs. Never rejects. */
  async run(input: Input): Promise<void> {
    if (this.state.get().isRunning) return;
    this.state.set({ isRunning: true, result: null, error: null });
    try {
      this.state.set({ isRunning: false, result: await this.#send(input), error: null });
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      this.state.set({ isRunning: false, result: null, error });
    }
  }
}

/** A text that the user types, and the request of each instance that is made of it. */
export class Workbench<Draft, Input, Result> {
  readonly draft: ValueStore<Draft>;
  readonly #send: (instance: string, input: Input) => Promise<Result>;
  readonly #requests = new Map<string, KeptRequest<Input, Result>>();

  constructor(draft: Draft, send: (instance: string, input: Input) => Promise<Result>) {
    this.draft = new ValueStore(draft);
    this.#send = send;
  }

  /** The request of an instance. */
  of(instance: string): KeptRequest<Input, Result> {
    const present = this.#requests.get(instance);
    if (present !== undefined) return present;
    const made = new KeptRequest<Input, Result>((input) => this.#send(instance, input));
    this.#requests.set(instance, made);
    return made;
  }
}
