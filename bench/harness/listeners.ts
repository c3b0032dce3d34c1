import { fork } from 'node:child_process';
import path from 'node:path';
import { AskedProgram } from './asked-program.ts';
import { until } from './patience.ts';
import type { Bench } from './scenario.ts';

/** Frames that the listeners have got so far. */
interface ListenReport {
  connected: number;
  /** By all of them together. */
  frames: number;
  /** By the one that got fewest. */
  fewest: number;
}

const PROGRAM = path.join(import.meta.dirname, '..', 'programs', 'listeners.ts');

/** Many clients of the WebSocket in a process of their own. */
export class Listeners {
  readonly #program: AskedProgram<ListenReport>;

  private constructor(program: AskedProgram<ListenReport>) {
    this.#program = program;
  }

  /** Resolves when all are connected. */
  static async start(bench: Bench, port: number, count: number): Promise<Listeners> {
    const { signal } = bench;
    signal.throwIfAborted();
    const child = fork(PROGRAM, [String(port), String(count)], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    const whenEnded = 'the listeners ended: a connection broke or was refused';
    const listeners = new Listeners(new AskedProgram(bench, child, whenEnded));
    const areThere = async (): Promise<true | null> => ((await listeners.report()).connected === count ? true : null);
    await until(`${count} connections`, areThere, { signal, everyMs: 100 });
    return listeners;
  }

  report(): Promise<ListenReport> {
    return this.#program.ask({});
  }

  end(): Promise<void> {
    return this.#program.end();
  }
}
