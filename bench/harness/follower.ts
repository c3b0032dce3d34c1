import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import type { Bench } from './scenario.ts';

/** What a follower has seen so far. */
export interface FollowReport {
  /** Numbered lines. */
  lines: number;
  /** Number of the last one. */
  last: number;
  /** Numbers that were left out, those told as a gap included. */
  lost: number;
  /** Lines that came twice or late. */
  repeated: number;
  /** Gaps that were told. */
  gaps: number;
}

const PROGRAM = path.join(import.meta.dirname, '..', 'programs', 'follower.ts');

/** A caller that follows a log in a process of its own, as fast as it can. */
export class Follower {
  readonly #child: ChildProcess;
  readonly #ended: Promise<never>;

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.#ended = once(child, 'exit').then(() => {
      throw new Error('the follower ended: the log did, or the connection broke');
    });
    this.#ended.catch(() => undefined);
  }

  /** @param url Of a log that is followed. */
  static start({ belongings, signal }: Bench, url: string): Follower {
    signal.throwIfAborted();
    const follower = new Follower(fork(PROGRAM, [url], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] }));
    belongings.add(() => follower.end());
    return follower;
  }

  /** Resolves as soon as it has seen the line of that number, or one after it. */
  async report(atLeast: number): Promise<FollowReport> {
    this.#child.send({ atLeast });
    const [report] = (await Promise.race([once(this.#child, 'message'), this.#ended])) as [FollowReport];
    return report;
  }

  async end(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await gone;
  }
}
