import { spawn } from 'node:child_process';
import path from 'node:path';
import type { Command, Report } from '../programs/gateway-load.ts';
import { AskedProgram } from './asked-program.ts';
import { pinned } from './cores.ts';
import type { Bench } from './scenario.ts';

const PROGRAM = path.join(import.meta.dirname, '..', 'programs', 'gateway-load.ts');

/** Callers of a gateway in a process of their own. */
export class GatewayLoad {
  readonly #program: AskedProgram<Report>;

  private constructor(program: AskedProgram<Report>) {
    this.#program = program;
  }

  /** @param core Where it runs. */
  static start(bench: Bench, core: number): GatewayLoad {
    bench.signal.throwIfAborted();
    const [command, ...argv] = pinned(core, [process.execPath, PROGRAM]);
    const child = spawn(command, argv, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    return new GatewayLoad(new AskedProgram(bench, child, 'the callers ended'));
  }

  /** @throws {Error} when a request was not answered with 200, or a connection broke */
  async tell(command: Command): Promise<Report> {
    const report = await this.#program.ask(command);
    if (report.failure !== null) throw new Error(`the callers failed: ${report.failure}`);
    return report;
  }

  end(): Promise<void> {
    return this.#program.end();
  }
}
