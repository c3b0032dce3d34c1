import type { CommandSandbox, RunOptions, RunResult } from './command-run.ts';

/** A running verb that only Ctrl-C ends, in a test. */
export class Watching {
  /** The output so far. */
  output = '';
  readonly #interruption = new AbortController();
  readonly #result: Promise<RunResult>;
  #onOutput = (): void => undefined;

  constructor(sandbox: CommandSandbox, words: readonly string[], options: RunOptions = {}) {
    const { signal } = this.#interruption;
    const onOutput = (output: string): void => {
      this.output = output;
      this.#onOutput();
    };
    this.#result = sandbox.run(words, { ...options, signal, onOutput });
  }

  /** Resolves when the output fulfils a condition; rejects when the verb ends first. */
  async until(condition: (output: string) => boolean): Promise<void> {
    const ended = this.#result.then(({ status, stderr }) => {
      throw new Error(`it ended with ${status}: ${stderr}`);
    });
    const fulfilled = new Promise<void>((resolve) => {
      this.#onOutput = () => {
        if (condition(this.output)) resolve();
      };
      this.#onOutput();
    });
    await Promise.race([fulfilled, ended]);
  }

  /** Presses Ctrl-C. */
  interrupt(): Promise<RunResult> {
    this.#interruption.abort();
    return this.#result;
  }

  /** Resolves when the verb ends by itself. */
  get ended(): Promise<RunResult> {
    return this.#result;
  }
}
