import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { askOnce } from './connection.ts';
import { until } from './patience.ts';
import type { Bench } from './scenario.ts';

/** An engine that is launched without llamactl: what there is to compare with. */
export class BareEngine {
  readonly #child: ChildProcess;
  readonly #port: number;
  readonly #signal: AbortSignal;
  #failure: Error | null = null;

  private constructor(child: ChildProcess, port: number, signal: AbortSignal) {
    this.#child = child;
    this.#port = port;
    this.#signal = signal;
    child.on('error', (error) => {
      this.#failure = error;
    });
  }

  /** @param log A file that its output is appended to, as llamactl does it. */
  static launch(
    { belongings, signal }: Bench,
    [command = '', ...argv]: readonly string[],
    port: number,
    log: string,
  ): BareEngine {
    signal.throwIfAborted();
    const output = openSync(log, 'a');
    const child = spawn(command, argv, { stdio: ['ignore', output, output] });
    closeSync(output);
    const engine = new BareEngine(child, port, signal);
    belongings.add(() => engine.end());
    return engine;
  }

  /** Resolves when its health check answers 200. @param everyMs Between two connections. */
  async ready(everyMs: number): Promise<void> {
    await until(
      'a bare engine that is healthy',
      async () => {
        if (!this.#isAlive()) throw this.#failure ?? new Error('the bare engine ended');
        return (await askOnce(this.#port, '/health'))?.status === 200 ? true : null;
      },
      { signal: this.#signal, everyMs },
    );
  }

  /** SIGTERM; resolves when it is gone. */
  stop(): Promise<void> {
    return this.#endBy('SIGTERM');
  }

  end(): Promise<void> {
    return this.#endBy('SIGKILL');
  }

  async #endBy(signal: NodeJS.Signals): Promise<void> {
    if (!this.#isAlive()) return;
    const gone = once(this.#child, 'exit');
    this.#child.kill(signal);
    await gone;
  }

  #isAlive(): boolean {
    return this.#child.pid !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }
}
