/** @param isHandingOver Whether a successor takes over from this part; otherwise the service ends. */
type Step = (isHandingOver: boolean) => void | Promise<void>;

/** Ends the parts of a server in reverse order of their creation, when the server ends or could not start. */
export class Teardown {
  readonly #steps: { step: Step; isLasting: boolean }[] = [];
  #isHandingOver = false;

  add(step: Step): void {
    this.#steps.push({ step, isLasting: false });
  }

  /** Adds a step that a hand-over skips, for a part that the process or its connections need until their end. */
  addLasting(step: Step): void {
    this.#steps.push({ step, isLasting: true });
  }

  /** Adds the closing of a part. */
  ending<Part extends { close(): void | Promise<void> }>(part: Part): Part {
    this.add(() => part.close());
    return part;
  }

  /** Runs all steps, once. Rejects at the first step that fails. */
  async unwind(): Promise<void> {
    for (const { step } of this.#steps.splice(0).toReversed()) await step(this.#isHandingOver);
  }

  /** Releases everything that a successor takes over, and drops the lasting steps. Never rejects. */
  async handOver(onFault: (error: unknown, what: string) => void): Promise<void> {
    this.#isHandingOver = true;
    for (const { step, isLasting } of this.#steps.splice(0).toReversed()) {
      if (isLasting) continue;
      try {
        await step(true);
      } catch (error) {
        // Continue, so that the lock is released: without it no server can serve.
        onFault(error, 'releasing a part of the server');
      }
    }
  }
}
