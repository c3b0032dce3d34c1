/** @param isHandingOver Another server goes on with what this part has; else the service ends. */
type Step = (isHandingOver: boolean) => void | Promise<void>;

/** What is to be done when a server ends, or could not begin: the other way round than it was built. */
export class Teardown {
  readonly #steps: { step: Step; isLasting: boolean }[] = [];
  #isHandingOver = false;

  add(step: Step): void {
    this.#steps.push({ step, isLasting: false });
  }

  /** Left out at a hand-over: it belongs to the process, or its connections, as long as they last. */
  addLasting(step: Step): void {
    this.#steps.push({ step, isLasting: true });
  }

  /** Closes a part then. */
  ending<Part extends { close(): void | Promise<void> }>(part: Part): Part {
    this.add(() => part.close());
    return part;
  }

  /** Does all of it, once. Rejects at the first step that does. */
  async unwind(): Promise<void> {
    for (const { step } of this.#steps.splice(0).toReversed()) await step(this.#isHandingOver);
  }

  /** Lets go of what another server takes up; of the rest nothing is left to do here. Never rejects. */
  async handOver(onFault: (error: unknown, what: string) => void): Promise<void> {
    this.#isHandingOver = true;
    for (const { step, isLasting } of this.#steps.splice(0).toReversed()) {
      if (isLasting) continue;
      try {
        await step(true);
      } catch (error) {
        // Nothing is served without the lock, whoever takes it.
        onFault(error, 'letting go of a part of the server');
      }
    }
  }
}
