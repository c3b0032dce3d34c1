import { fork } from 'node:child_process';
import path from 'node:path';
import { AskedProgram } from './asked-program.ts';
import type { Bench } from './scenario.ts';

const PROGRAM = path.join(import.meta.dirname, '..', 'programs', 'stop-watch.ts');

/** Measures for how long a process is stopped, from a process of its own. */
export class StopWatch {
  readonly #program: AskedProgram<{ stops: number[] }>;

  private constructor(program: AskedProgram<{ stops: number[] }>) {
    this.#program = program;
  }

  /** Resolves when it looks. */
  static async start(bench: Bench, pid: number): Promise<StopWatch> {
    bench.signal.throwIfAborted();
    const child = fork(PROGRAM, [String(pid)], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    const watch = new StopWatch(new AskedProgram(bench, child, 'the stop watch ended: the engine did'));
    await watch.stops();
    return watch;
  }

  /** Milliseconds, of all stops so far. */
  async stops(): Promise<number[]> {
    return (await this.#program.ask({})).stops;
  }

  end(): Promise<void> {
    return this.#program.end();
  }
}
