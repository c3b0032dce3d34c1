import { constants } from 'node:os';
import type { EngineEndpoint } from '../instances/ports/engine-endpoint.ts';
import type { Exit, LaunchPlan, ProcessIdentity, Progress, RunReference } from '../instances/ports/runs.ts';

/** An engine of the {@link FakeWorld}. Tests change its fields to make it behave. */
export interface FakeProcess {
  readonly run: RunReference;
  readonly plan: LaunchPlan;
  readonly secrets: Record<string, string>;
  readonly identity: ProcessIdentity;
  /** Whether the engine answers its health check. */
  isReady: boolean;
  /** The signal that ends the process; `nothing`: it hangs in the kernel. */
  endsBy: 'SIGTERM' | 'SIGKILL' | 'nothing';
  progress: Progress;
  /** `null` while the process lives. */
  exit: Exit | null;
}

/** Selects a process: by its run, or as the living process of the instance with this id. */
export type ProcessSelector = Pick<RunReference, 'tag'> | string;

const NO_PROGRESS: Progress = { logBytes: 0, memoryBytes: 1_000_000, cpuTicks: 0, readBytes: 0 };
/** A shell reports death by signal n as 128 + n. */
const SIGNAL_BASE = 128;

/**
 * A fake machine, whose processes outlive the manager that started them. A test that restarts the manager makes a second
 * supervisor on the same world.
 */
export class FakeWorld {
  bootId = 'boot-1';
  /** Behaviour of engines that are spawned from now on. */
  defaults: Pick<FakeProcess, 'isReady' | 'endsBy'> = { isReady: true, endsBy: 'SIGTERM' };
  /** Ports on which processes listen that belong to no run. */
  readonly foreignPorts = new Map<number, { pid: number | null; description: string }>();
  /** Every process that ever ran, oldest first. */
  readonly processes: FakeProcess[] = [];
  readonly #watchers = new Set<(process: FakeProcess) => void>();
  readonly #peaks = new Map<string, number>();
  /** The highest number of processes alive at the same time. */
  mostAlive = 0;
  #lastPid = 1_000;

  /** The living processes of one instance, or of all. */
  alive(instance?: string): FakeProcess[] {
    return this.processes.filter(
      (process) => process.exit === null && (instance === undefined || instanceOf(process.run.tag) === instance),
    );
  }

  /** The highest number of processes of one instance alive at the same time. */
  peak(instance: string): number {
    return this.#peaks.get(instance) ?? 0;
  }

  /** Returns the selected process. @throws {Error} if it does not exist */
  process(selector: ProcessSelector): FakeProcess {
    const found =
      typeof selector === 'string'
        ? this.alive(selector)[0]
        : this.processes.find((process) => process.run.tag === selector.tag);
    if (!found) throw new Error(`No process of ${typeof selector === 'string' ? selector : selector.tag}`);
    return found;
  }

  /** Makes an engine answer its health check from now on. */
  ready(selector: ProcessSelector): void {
    this.process(selector).isReady = true;
  }

  /** Ends a process, and reports it to all watchers. */
  exit(selector: ProcessSelector, code: number | null, at: number): void {
    const process = this.process(selector);
    if (process.exit !== null) return;
    const number = code === null ? 0 : code - SIGNAL_BASE;
    const signal = Object.entries(constants.signals).find(([, value]) => value === number)?.[0];
    process.exit = { code, signal: signal ?? null, at };
    for (const watcher of this.#watchers) watcher(process);
  }

  /** Ends every process and begins another boot. Managers are gone too, so no watcher is called. */
  reboot(at: number): void {
    this.#watchers.clear();
    for (const process of this.alive()) process.exit = { code: null, signal: null, at };
    this.bootId = `${this.bootId}+`;
  }

  /** Answers health probes for the engines of this world. */
  readonly endpoint: EngineEndpoint = {
    probe: async ({ port }) => {
      const process = this.alive().find(({ plan }) => plan.port === port);
      if (process) return process.isReady ? 'ok' : 'loading';
      return this.foreignPorts.has(port) ? 'error' : 'closed';
    },
  };

  /** For supervisors: starts a process. */
  launch(run: RunReference, plan: LaunchPlan, secrets: Record<string, string>): FakeProcess {
    this.#lastPid += 2;
    const pid = this.#lastPid;
    const identity = { pid, startTicks: pid * 10, bootId: this.bootId, group: pid - 1 };
    const process = { run, plan, secrets, identity, ...this.defaults, progress: { ...NO_PROGRESS }, exit: null };
    this.processes.push(process);
    this.mostAlive = Math.max(this.mostAlive, this.alive().length);
    const instance = instanceOf(run.tag);
    this.#peaks.set(instance, Math.max(this.peak(instance), this.alive(instance).length));
    return process;
  }

  /** For supervisors: calls `watcher` when a process ends. Returns a function that removes the watcher. */
  watch(watcher: (process: FakeProcess) => void): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }
}

function instanceOf(tag: string): string {
  return tag.split('.')[1] ?? tag;
}
