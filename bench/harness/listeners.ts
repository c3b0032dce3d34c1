import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { until } from './patience.ts';
import type { Bench } from './scenario.ts';

/** What listeners have been told so far. */
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
  readonly #child: ChildProcess;
  readonly #ended: Promise<never>;

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.#ended = once(child, 'exit').then(() => {
      throw new Error('the listeners ended: a connection broke or was refused');
    });
    this.#ended.catch(() => undefined);
  }

  /** Resolves when all are connected. */
  static async start({ belongings, signal }: Bench, port: number, count: number): Promise<Listeners> {
    signal.throwIfAborted();
    const argv = [String(port), String(count)];
    const listeners = new Listeners(fork(PROGRAM, argv, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] }));
    belongings.add(() => listeners.end());
    const areThere = async (): Promise<true | null> => ((await listeners.report()).connected === count ? true : null);
    await until(`${count} connections`, areThere, { signal, everyMs: 100 });
    return listeners;
  }

  async report(): Promise<ListenReport> {
    this.#child.send({});
    const [report] = (await Promise.race([once(this.#child, 'message'), this.#ended])) as [ListenReport];
    return report;
  }

  async end(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await gone;
  }
}
