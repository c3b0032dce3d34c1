import { codeOf } from '@llamactl/contract/reason';
import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { systemClock } from '../clock.ts';
import { RUN_LOG } from '../instances/ports/run-output.ts';
import type { LaunchPlan, ProcessIdentity, RunReference } from '../instances/ports/runs.ts';
import type { SendSignal } from '../supervisor/signals.ts';
import { createSupervisor, type Supervisor } from '../supervisor/supervisor.ts';
import type { EngineBehaviour, SupervisorBench } from './contracts/supervisor.contract.ts';
import { FakeClock } from './fake-clock.ts';
import { fakeEngineCommand } from './fake-engine.ts';
import { PortBlock } from './port-block.ts';

/** Timers up to this long run in real time; the supervisor's longer waits pass when the test advances the clock. */
const REAL_UP_TO_MS = 500;
const LOOK_EVERY_MS = 2;
const PATIENCE_MS = 15_000;

/** The real supervisor on this machine, with its own data directory. `dispose` ends every process that it started. */
export class RealBench implements SupervisorBench {
  readonly dataDirId = `test-${randomUUID()}`;
  readonly folder = mkdtempSync(path.join(tmpdir(), 'llamactl-test-'));
  readonly clock = new FakeClock({ now: Date.now(), realUpToMs: REAL_UP_TO_MS });
  readonly environment: Record<string, string> = { PATH: process.env['PATH'] ?? '' };
  /** The supervisor's warnings and errors. */
  readonly complaints: string[] = [];
  /** Every signal that was sent. */
  readonly signals: { pid: number; signal: NodeJS.Signals }[] = [];
  /** Sends a signal; a test may replace it. */
  deliver: SendSignal = (pid, signal) => void process.kill(pid, signal);
  supervisor: Supervisor;
  #ports: PortBlock | null = null;
  #runs = 0;
  #programs = 0;

  constructor() {
    this.supervisor = this.#start();
  }

  newRun(): RunReference {
    this.#runs += 1;
    const instance = `i${this.#runs}`;
    return { tag: `${this.dataDirId}.${instance}.n1`, folder: path.join(this.folder, instance, 'runs', 'n1') };
  }

  /** A launch plan for the fake engine with these flags. */
  engine(...flags: string[]): LaunchPlan {
    const [command, program] = fakeEngineCommand();
    return { command, argv: [program, ...flags], environment: {}, keyVariable: null, port: 0, healthPath: '/health' };
  }

  plan({ ignoresSigterm = false, port, exitCode = 0 }: EngineBehaviour = {}): LaunchPlan {
    return this.engine(
      '--exit-code',
      String(exitCode),
      ...(ignoresSigterm ? ['--hang-on-sigterm'] : []),
      ...(port === undefined ? [] : ['--port', String(port)]),
    );
  }

  /** A launch plan for a shell script, which starts in 2 ms. */
  script(body: string, ...argv: string[]): LaunchPlan {
    return { ...this.engine(), command: this.program(`#!/bin/sh\n${body}\n`), argv };
  }

  /** Writes an executable file, and returns its path. */
  program(content: string | Buffer, mode = 0o755): string {
    this.#programs += 1;
    const file = path.join(this.folder, `program-${this.#programs}`);
    writeFileSync(file, content, { mode });
    return file;
  }

  /** Replaces `mkfifo`, which the wrapper calls, by another executable. */
  replaceMkfifo(content: string): void {
    const folder = path.join(this.folder, 'bin');
    mkdirSync(folder);
    writeFileSync(path.join(folder, 'mkfifo'), content, { mode: 0o755 });
    this.environment['PATH'] = `${folder}:${this.environment['PATH']}`;
  }

  badPlan(): { plan: LaunchPlan; file: string } {
    const file = path.join(this.folder, 'missing');
    return { plan: { ...this.engine(), command: file }, file };
  }

  /** Overwrites a file in a run's folder, as a full disk or an earlier server would have left it. */
  overwrite(run: RunReference, name: string, content: string): void {
    writeFileSync(path.join(run.folder, name), content);
  }

  log(run: RunReference): string {
    return readFileSync(path.join(run.folder, RUN_LOG), 'utf8');
  }

  /** Resolves when the fake engine has its signal handlers, and listens if it has a port. */
  async untilItBehaves(run: RunReference): Promise<void> {
    await this.untilLogged(run, 'load_model');
    if (this.#argvOf(run).includes('--port')) await this.untilLogged(run, 'listening');
  }

  async untilLogged(run: RunReference, text: string): Promise<void> {
    const isLogged = (): boolean => this.log(run).includes(text);
    try {
      await this.until(isLogged);
    } catch (error) {
      throw new Error(`The engine did not write ${text}, only: ${this.log(run)}`, { cause: error });
    }
  }

  async endByItself(_run: RunReference, { pid }: ProcessIdentity): Promise<void> {
    process.kill(pid, 'SIGUSR1');
  }

  restart(): Supervisor {
    this.supervisor.close();
    this.supervisor = this.#start();
    return this.supervisor;
  }

  async takePort(): Promise<number> {
    this.#ports ??= await PortBlock.take();
    return this.#ports.next();
  }

  advance(milliseconds: number): Promise<void> {
    return this.clock.advance(milliseconds);
  }

  async until(condition: () => boolean | Promise<boolean>): Promise<void> {
    const end = performance.now() + PATIENCE_MS;
    while (!(await condition())) {
      if (performance.now() > end) throw new Error(`The condition never held: ${condition.toString()}`);
      await this.moment(LOOK_EVERY_MS);
    }
  }

  /** Lets real time pass, to check that something does *not* happen. */
  async moment(milliseconds: number): Promise<void> {
    await new Promise((resolve) => {
      setTimeout(resolve, milliseconds);
    });
  }

  async dispose(): Promise<void> {
    this.supervisor.close();
    const log = { warn: (): void => undefined, error: (): void => undefined };
    const { dataDirId, environment: inheritedEnvironment } = this;
    const undertaker = createSupervisor({ dataDirId, inheritedEnvironment, clock: systemClock(), log });
    for (const { tag, pids } of await undertaker.strays(new Set())) {
      for (const pid of pids) killIfThere(pid);
      await undertaker.endStray(tag);
    }
    undertaker.close();
    this.#ports?.release();
    // Processes that were just killed may still write.
    await rm(this.folder, { recursive: true, force: true, maxRetries: 10 });
  }

  #start(): Supervisor {
    return createSupervisor({
      dataDirId: this.dataDirId,
      inheritedEnvironment: this.environment,
      clock: this.clock,
      log: {
        warn: (details, message) => void this.complaints.push(`${message} ${JSON.stringify(details)}`),
        error: (details, message) => void this.complaints.push(`${message} ${JSON.stringify(details)}`),
      },
      sendSignal: (pid, signal) => {
        this.signals.push({ pid, signal });
        this.deliver(pid, signal);
      },
    });
  }

  #argvOf(run: RunReference): string[] {
    const [pid] = readFileSync(path.join(run.folder, 'PID'), 'utf8').split(' ');
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  }
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (codeOf(error) !== 'ESRCH') throw error;
  }
}
