import { fork } from 'node:child_process';
import path from 'node:path';
import { AskedProgram } from './asked-program.ts';
import type { Bench } from './scenario.ts';

/** What a follower has seen so far. */
export interface FollowReport {
  /** Numbered lines. */
  lines: number;
  /** Number of the last one. */
  last: number;
  /** Missing numbers, including those in a gap. */
  lost: number;
  /** Lines that came twice or late. */
  repeated: number;
  /** Number of gaps. */
  gaps: number;
}

const PROGRAM = path.join(import.meta.dirname, '..', 'programs', 'follower.ts');

/** A caller that follows a log in a process of its own, as fast as it can. */
export class Follower {
  readonly #program: AskedProgram<FollowReport>;

  private constructor(program: AskedProgram<FollowReport>) {
    this.#program = program;
  }

  /** @param url Of a log that is followed. */
  static start(bench: Bench, url: string): Follower {
    bench.signal.throwIfAborted();
    const child = fork(PROGRAM, [url], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    const whenEnded = 'the follower ended: the log did, or the connection broke';
    return new Follower(new AskedProgram(bench, child, whenEnded));
  }

  /** Resolves as soon as it has seen the line of that number, or one after it. */
  report(atLeast: number): Promise<FollowReport> {
    return this.#program.ask({ atLeast });
  }

  end(): Promise<void> {
    return this.#program.end();
  }
}
