import { PassThrough } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import type { RunOptions } from './command-run.ts';

/** Keys to type, and the output to wait for since the last step. */
export type Step = readonly [seen: RegExp, keys: string | ((keyboard: PassThrough) => void | Promise<void>)];

export const PROMPT = /> $/;
export const CTRL_C = '\u0003';
export const CTRL_D = '\u0004';

/** A simulated person at a terminal, who waits for output and then types, or runs an action. */
export class Typist {
  /** Options for the run. */
  readonly options: Pick<RunOptions, 'keyboard' | 'columns' | 'onOutput' | 'onErrorOutput'>;
  readonly #keyboard = new PassThrough();
  readonly #steps: Step[];
  #screen = '';

  constructor(steps: readonly Step[]) {
    this.#steps = [...steps];
    this.options = {
      keyboard: this.#keyboard,
      columns: 80,
      onOutput: this.#watch(),
      onErrorOutput: this.#watch(),
    };
  }

  /** Output since the last step, as a person sees it. */
  get screen(): string {
    return stripVTControlCharacters(this.#screen);
  }

  /** Steps not yet reached. */
  get left(): readonly Step[] {
    return this.#steps;
  }

  #watch(): (output: string) => void {
    let length = 0;
    return (output) => {
      this.#screen += output.slice(length);
      length = output.length;
      const [step] = this.#steps;
      if (step === undefined || !step[0].test(this.screen)) return;
      this.#steps.shift();
      this.#screen = '';
      const [, keys] = step;
      setImmediate(() => {
        if (typeof keys === 'string') this.#keyboard.write(keys);
        else void keys(this.#keyboard);
      });
    };
  }
}
