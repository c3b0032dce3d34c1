import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Bench } from './scenario.ts';

/** A program of the bench in a process of its own, which answers each message with one. */
export class AskedProgram<Answer> {
  readonly #child: ChildProcess;
  readonly #ended: Promise<never>;

  /**
   * Ended with the bench's belongings.
   *
   * @param child With an IPC channel. @param whenEnded What is thrown when it ends by itself.
   */
  constructor({ belongings }: Pick<Bench, 'belongings'>, child: ChildProcess, whenEnded: string) {
    this.#child = child;
    this.#ended = once(child, 'exit').then(() => {
      throw new Error(whenEnded);
    });
    this.#ended.catch(() => undefined);
    belongings.add(() => this.end());
  }

  async ask(question: object): Promise<Answer> {
    this.#child.send(question);
    const [answer] = (await Promise.race([once(this.#child, 'message'), this.#ended])) as [Answer];
    return answer;
  }

  async end(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await gone;
  }
}
