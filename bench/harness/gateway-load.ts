import { once } from 'node:events';
import { spawn, type ChildProcess } from 'node:child_process';
import path from 'node:path';
import type { Command, Report } from '../programs/gateway-load.ts';
import { pinned } from './cores.ts';
import type { Bench } from './scenario.ts';

const PROGRAM = path.join(import.meta.dirname, '..', 'programs', 'gateway-load.ts');

/** Callers of a gateway in a process of their own. */
export class GatewayLoad {
  readonly #child: ChildProcess;
  readonly #ended: Promise<never>;

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.#ended = once(child, 'exit').then(() => {
      throw new Error('the callers ended');
    });
    this.#ended.catch(() => undefined);
  }

  /** @param core Where it runs. */
  static start({ belongings, signal }: Bench, core: number): GatewayLoad {
    signal.throwIfAborted();
    const [command, ...argv] = pinned(core, [process.execPath, PROGRAM]);
    const child = spawn(command, argv, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    const load = new GatewayLoad(child);
    belongings.add(() => load.end());
    return load;
  }

  /** @throws {Error} when a request was not answered with 200, or a connection broke */
  async tell(command: Command): Promise<Report> {
    this.#child.send(command);
    const [report] = (await Promise.race([once(this.#child, 'message'), this.#ended])) as [Report];
    if (report.failure !== null) throw new Error(`the callers failed: ${report.failure}`);
    return report;
  }

  async end(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await gone;
  }
}
