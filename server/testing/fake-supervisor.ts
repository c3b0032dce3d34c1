import type { Erasure } from '../instances/ports/folders.ts';
import type { HeldListener, PortWitness } from '../instances/ports/listening-ports.ts';
import type {
  Inspection,
  LaunchPlan,
  ProcessIdentity,
  Progress,
  RunListener,
  RunReference,
  RunStats,
} from '../instances/ports/runs.ts';
import type { Supervisor } from '../supervisor/supervisor.ts';
import type { Clock } from '../instances/ports/time.ts';
import { FakeWorld, type FakeProcess } from './fake-world.ts';

/** One call of a {@link FakeSupervisor} that acts on a run. */
export interface FakeCall {
  method: 'spawn' | 'adopt' | 'inspect' | 'terminate' | 'kill' | 'endStray' | 'discard' | 'sweep';
  /** The run's tag, or the folder. */
  subject: string;
}

interface Watched {
  process: FakeProcess;
  listener: RunListener;
  phase: 'running' | 'terminating' | 'killing';
  isFrozen: boolean;
}

const KILL_AFTER_MS = 5_000;
const SURVIVES_AFTER_MS = 5_000;
/** 128 + SIGKILL. */
const KILLED = 137;

/** A {@link Supervisor} in memory that passes the contract tests. The test controls its processes. */
export class FakeSupervisor implements Supervisor {
  readonly world: FakeWorld;
  readonly calls: FakeCall[] = [];
  /** Reasons with which the next spawns fail, in this order. A failed spawn launches nothing. */
  readonly spawnFailures: string[] = [];
  /** The folders passed to {@link discard}. */
  readonly discarded: string[] = [];
  /** The calls of {@link prune}. */
  readonly pruned: { parent: string; newest: number }[] = [];
  /** The calls of {@link sweep}. */
  readonly swept: { parent: string; keep: ReadonlySet<string> }[] = [];
  readonly #clock: Clock;
  readonly #dataDirId: string;
  readonly #watched = new Map<string, Watched>();
  readonly #launching = new Map<string, 'nothing' | 'terminate' | 'kill'>();
  readonly #unwatchWorld: () => void;
  #held: (() => void)[] | null = null;
  #isClosed = false;

  constructor(clock: Clock, world: FakeWorld = new FakeWorld(), dataDirId = 'memory') {
    this.#clock = clock;
    this.world = world;
    this.#dataDirId = dataDirId;
    this.#unwatchWorld = world.watch((process) => this.#ended(process));
  }

  get bootId(): string {
    return this.world.bootId;
  }

  /** From now on spawns launch their engines, but do not resolve with the pid before {@link releaseSpawns}. */
  holdSpawns(): void {
    this.#held ??= [];
  }

  releaseSpawns(): void {
    const held = this.#held ?? [];
    this.#held = null;
    for (const release of held) release();
  }

  async spawn(
    run: RunReference,
    plan: LaunchPlan,
    secrets: Record<string, string>,
    listener: RunListener,
  ): Promise<ProcessIdentity> {
    this.#record('spawn', run.tag);
    if (this.#watched.has(run.tag) || this.#launching.has(run.tag)) throw new Error('This run was spawned already');
    this.#launching.set(run.tag, 'nothing');
    try {
      await Promise.resolve();
      const failure = this.spawnFailures.shift();
      if (failure !== undefined) throw new Error(failure);
      const process = this.world.launch(run, plan, secrets);
      const held = this.#held;
      if (held !== null) await new Promise<void>((resolve) => held.push(resolve));
      if (this.#isClosed) return process.identity;
      this.#watch(process, listener);
      const requested = this.#launching.get(run.tag);
      if (requested === 'terminate') this.#terminate(run.tag);
      if (requested === 'kill') this.#kill(run.tag);
      return process.identity;
    } finally {
      this.#launching.delete(run.tag);
    }
  }

  async inspect(run: RunReference, identity: ProcessIdentity | null): Promise<Inspection> {
    this.#record('inspect', run.tag);
    const process = this.world.processes.find((one) => one.run.tag === run.tag);
    const bootId = identity?.bootId ?? process?.identity.bootId ?? this.bootId;
    const rebooted = bootId !== this.bootId;
    const isSame = identity === null || identity.startTicks === process?.identity.startTicks;
    if (process?.exit === null && isSame && !rebooted) return { found: 'alive', identity: process.identity };
    const exit = process?.exit ?? { code: null, signal: null, at: this.#clock.now() };
    return { found: 'dead', exit, spawned: process !== undefined || identity !== null, rebooted };
  }

  adopt(run: RunReference, identity: ProcessIdentity, listener: RunListener): void {
    this.#record('adopt', run.tag);
    if (this.#watched.has(run.tag)) throw new Error('This run is watched already');
    const process = this.world.processes.find(
      (one) => one.run.tag === run.tag && one.identity.startTicks === identity.startTicks,
    );
    if (process) this.#watch(process, listener);
    else queueMicrotask(() => listener.onGone({ code: null, signal: null, at: this.#clock.now() }));
  }

  terminate(run: RunReference): void {
    this.#record('terminate', run.tag);
    if (this.#launching.get(run.tag) === 'nothing') this.#launching.set(run.tag, 'terminate');
    this.#terminate(run.tag);
  }

  kill(run: RunReference): void {
    this.#record('kill', run.tag);
    if (this.#launching.has(run.tag)) this.#launching.set(run.tag, 'kill');
    this.#kill(run.tag);
  }

  async ownsPort(run: RunReference, port: number): Promise<'ours' | 'foreign' | 'closed' | 'unknown' | 'no-answer'> {
    if (this.world.foreignPorts.has(port)) return 'foreign';
    const holder = this.world.alive().find(({ plan }) => plan.port === port);
    if (!holder) return 'closed';
    return holder.run.tag === run.tag ? 'ours' : 'foreign';
  }

  witness(run: RunReference, port: number): PortWitness {
    const held = (): HeldListener | null => {
      const holder = this.world.alive().find(({ plan }) => plan.port === port);
      const isOurs = !this.world.foreignPorts.has(port) && holder?.run.tag === run.tag;
      return isOurs ? { link: '/proc/fake', socket: `socket of ${holder.identity.pid}` } : null;
    };
    return { held, listener: () => held()?.socket ?? null };
  }

  async portHolder(port: number): Promise<{ pid: number | null; description: string } | null> {
    const foreign = this.world.foreignPorts.get(port);
    if (foreign) return foreign;
    const holder = this.world.alive().find(({ plan }) => plan.port === port);
    return holder ? { pid: holder.identity.pid, description: `engine (pid ${holder.identity.pid})` } : null;
  }

  occupied(): ReadonlySet<number> {
    return new Set([...this.world.foreignPorts.keys(), ...this.world.alive().map(({ plan }) => plan.port)]);
  }

  stats(run: RunReference): RunStats | null {
    const process = this.#watched.get(run.tag)?.process;
    if (!process || process.exit !== null) return null;
    const { memoryBytes, readBytes, logBytes } = process.progress;
    return {
      memory_usage: memoryBytes,
      cpu_usage: 0,
      threads: 1,
      read_bytes: readBytes,
      write_bytes: logBytes,
      uptime: 0,
    };
  }

  progress(run: RunReference): Progress | null {
    const process = this.#watched.get(run.tag)?.process;
    return process?.exit === null ? { ...process.progress } : null;
  }

  pids(run: RunReference): number[] {
    const process = this.#watched.get(run.tag)?.process;
    return process?.exit === null ? [process.identity.pid] : [];
  }

  async whileFrozen(run: RunReference, step: () => Promise<void>): Promise<boolean> {
    const watched = this.#watched.get(run.tag);
    if (watched?.process.exit !== null || watched.isFrozen) return false;
    watched.isFrozen = true;
    try {
      await step();
    } finally {
      watched.isFrozen = false;
      if (watched.phase === 'terminating') this.#hearSigterm(watched);
    }
    return true;
  }

  async strays(known: ReadonlySet<string>): Promise<{ tag: string; pids: number[] }[]> {
    return this.world
      .alive()
      .filter(({ run }) => run.tag.startsWith(`${this.#dataDirId}.`) && !known.has(run.tag))
      .map(({ run, identity }) => ({ tag: run.tag, pids: [identity.group, identity.pid] }));
  }

  async endStray(tag: string): Promise<void> {
    this.#record('endStray', tag);
    if (!tag.startsWith(`${this.#dataDirId}.`)) {
      throw new Error(`The processes of ${tag} belong to another data directory`);
    }
    for (const process of this.world.alive().filter(({ run }) => run.tag === tag)) {
      if (process.endsBy === 'nothing') await new Promise(() => undefined);
      this.world.exit(process.run, process.endsBy === 'SIGTERM' ? 0 : KILLED, this.#clock.now());
    }
  }

  async discard(folder: string): Promise<void> {
    this.#record('discard', folder);
    if ([...this.#watched.values()].some(({ process }) => `${process.run.folder}/`.startsWith(`${folder}/`))) {
      throw new Error(`${folder} cannot be removed: a run in it is not over`);
    }
    this.discarded.push(folder);
  }

  async prune(parent: string, newest: number): Promise<void> {
    this.pruned.push({ parent, newest });
  }

  async sweep(parent: string, keep: ReadonlySet<string>): Promise<Erasure> {
    this.#record('sweep', parent);
    this.swept.push({ parent, keep: new Set(keep) });
    return { erased: Promise.resolve() };
  }

  close(): void {
    this.#isClosed = true;
    this.#watched.clear();
    this.#unwatchWorld();
  }

  #record(method: FakeCall['method'], subject: string): void {
    this.calls.push({ method, subject });
  }

  #watch(process: FakeProcess, listener: RunListener): void {
    this.#watched.set(process.run.tag, { process, listener, phase: 'running', isFrozen: false });
    if (process.exit !== null) this.#ended(process);
  }

  /** Reports an end in a later turn, never within the call that caused it: a mailbox may be at work. */
  #ended(process: FakeProcess): void {
    const { tag } = process.run;
    const watched = this.#watched.get(tag);
    if (!watched) return;
    // After `spawn` has resolved with the pid.
    this.#clock.nextTurn(() => {
      if (this.#watched.get(tag) !== watched || process.exit === null) return;
      this.#watched.delete(tag);
      watched.listener.onGone(process.exit);
    });
  }

  #terminate(tag: string): void {
    const watched = this.#watched.get(tag);
    if (watched?.phase !== 'running') return;
    watched.phase = 'terminating';
    if (watched.process.endsBy !== 'SIGTERM') this.#clock.after(KILL_AFTER_MS, () => this.#kill(tag));
    // A frozen engine gets the signal when it is thawed.
    else if (!watched.isFrozen) this.#hearSigterm(watched);
  }

  #hearSigterm({ process }: Watched): void {
    if (process.endsBy === 'SIGTERM') this.world.exit(process.run, 0, this.#clock.now());
  }

  #kill(tag: string): void {
    const watched = this.#watched.get(tag);
    if (!watched || watched.phase === 'killing') return;
    watched.phase = 'killing';
    const { run, identity, endsBy } = watched.process;
    if (endsBy !== 'nothing') {
      this.world.exit(run, KILLED, this.#clock.now());
      return;
    }
    this.#clock.after(SURVIVES_AFTER_MS, () => {
      if (this.#watched.get(tag) === watched) watched.listener.onSurvives([identity.pid]);
    });
  }
}
