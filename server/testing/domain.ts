import type { Config } from '@llamactl/contract/config';
import type { ModelInfo } from '@llamactl/contract/instance';
import type { Model, ModelCompanion } from '@llamactl/contract/model';
import { modelsCalled } from '@llamactl/contract/model-names';
import { createInstances, type Instances } from '../instances/instances.ts';
import type { LeaseBook } from '../instances/slots/lease-book.ts';
import type { Lease, LeaseRequest } from '../instances/slots/leases.ts';
import type { InstanceStore } from '../instances/ports/instance-store.ts';
import type { Clock } from '../instances/ports/time.ts';
import type { InstanceManager } from '../instances/use-cases.ts';
import { createAlerts, type Alerts } from '../events/alerts.ts';
import { createEventBus } from '../events/bus.ts';
import { LastFigures } from '../metrics/last-figures.ts';
import { LoadTimeList } from '../metrics/load-time-list.ts';
import { FakeClock } from './fake-clock.ts';
import { FakeContexts } from './fake-contexts.ts';
import { FakeEngineAdapter, FakeEngines } from './fake-engines.ts';
import { FakeMemory } from './fake-memory.ts';
import { FakeRunLogs } from './fake-run-logs.ts';
import { FakeSupervisor } from './fake-supervisor.ts';
import { FakeWorld } from './fake-world.ts';
import { MemoryStore } from './memory-store.ts';
import { RecordingEvents } from './recording-events.ts';
import { RecordingTrace } from './recording-trace.ts';

const SETTINGS: Config['instances'] = {
  port_range: [8_100, 8_199],
  max_running: 0,
  idle_timeout: 0,
  start_timeout: 600,
  stop_timeout: 30,
  auto_restart: true,
  max_restarts: 5,
};

/** The parts of the configuration that differ from the defaults. */
export interface DomainOptions {
  settings?: Partial<Config['instances']>;
  groups?: Config['groups'];
  presets?: Config['presets'];
  memory?: Partial<Config['memory']>;
  /** Bytes of each device of the machine, by name; left out: its memory is not known, so it limits no start. */
  machine?: Readonly<Record<string, number>>;
}

/**
 * The domain on fakes. Its machine, store and clock outlive it, so that a test can end it with `crash` and start the next
 * one on what is left.
 */
export class Domain {
  readonly clock: FakeClock;
  readonly world: FakeWorld;
  readonly store: MemoryStore;
  readonly adapter: FakeEngineAdapter;
  readonly events = new RecordingEvents();
  readonly trace = new RecordingTrace();
  readonly alerts: Alerts;
  readonly faults: unknown[] = [];
  readonly logs = new FakeRunLogs();
  readonly figures = new LastFigures();
  /** Outlives the domain, like a file. */
  readonly loadTimes: LoadTimeList;
  /** The models that the instances of this domain may name. They outlive the domain. */
  readonly models: (Pick<Model, 'id' | 'ref' | 'name' | 'path'> & {
    source?: Model['source'];
    companions?: ModelCompanion[];
    info?: ModelInfo;
    abilities?: Pick<Model, 'capabilities' | 'context'>;
  })[];
  /** The memory of the machine; `null`: not known. It outlives the domain. */
  readonly machine: FakeMemory | null;
  readonly supervisor: FakeSupervisor;
  readonly contexts: FakeContexts;
  readonly instances: Instances;
  readonly #options: DomainOptions;
  #isDead = false;

  constructor(before?: Domain, options: DomainOptions = before?.options ?? {}) {
    this.#options = options;
    this.clock = before?.clock ?? new FakeClock();
    this.world = before?.world ?? new FakeWorld();
    this.machine =
      before?.machine ?? (options.machine === undefined ? null : new FakeMemory(this.world, options.machine));
    this.models = before?.models ?? [];
    this.store = before?.store ?? new MemoryStore();
    this.adapter = before?.adapter ?? new FakeEngineAdapter();
    this.contexts = before?.contexts ?? new FakeContexts();
    this.loadTimes = before?.loadTimes ?? new LoadTimeList();
    const clock = this.#ownClock();
    this.supervisor = new FakeSupervisor(clock, this.world);
    const store = this.#ownStore();
    const bus = createEventBus({
      clock,
      replay: {
        append: (events) => this.#unlessDead(() => this.store.replay.append(events)),
        takeNumbers: (least) => this.store.replay.takeNumbers(least),
      },
      stored: this.store.events,
      onError: (error) => this.faults.push(error),
    });
    bus.subscribe((event) => this.events.emit(event));
    this.alerts = createAlerts({ clock, bus });
    let count = 0;
    const modelAt = (file: string, called?: string): (typeof this.models)[number] | undefined => {
      const all = this.models.filter((model) => model.path === file);
      return (called === undefined ? undefined : modelsCalled(called, all)[0]) ?? all[0];
    };
    this.instances = createInstances(
      {
        clock,
        randomness: {
          token: (bytes) => `${before === undefined ? 'a' : 'b'}${bytes}x${(count += 1)}`,
          fraction: () => 0,
        },
        store,
        events: bus,
        alerts: this.alerts,
        trace: this.trace,
        meter: {
          stats: (run) => {
            const stats = this.supervisor.stats(run);
            return stats === null ? null : { ...stats, gpu_memory_usage: null, gpus: [] };
          },
        },
        figures: this.figures,
        loadTimes: this.loadTimes,
        engines: new FakeEngines({ llama_cpp: this.adapter }),
        models: {
          called: async (word) =>
            modelsCalled(word, this.models).map((model) => ({ source: 'folder' as const, companions: [], ...model })),
          withFile: async (file) => {
            const model = this.models.find((each) => each.path === file);
            return model === undefined ? null : { source: 'folder' as const, companions: [], ...model };
          },
          at: (file, called) => modelAt(file, called)?.info ?? null,
          abilities: (file, called) => modelAt(file, called)?.abilities ?? null,
          newerFile: (called, file) =>
            modelsCalled(called, this.models).find(({ path }) => path !== file)?.path ?? null,
        },
        endpoint: this.world.endpoint,
        runs: this.supervisor,
        runFolders: this.supervisor,
        listeningPorts: this.supervisor,
        logs: this.logs,
        contexts: this.contexts,
        memory: this.machine === null ? null : { meter: this.machine, needs: this.machine },
      },
      {
        dataDirectory: '/data',
        settings: { ...SETTINGS, ...options.settings },
        groups: options.groups ?? {},
        presets: options.presets ?? {},
        memory: { admission: 'auto', reserve_mb: 0, devices: {}, overcommit: 1, ...options.memory },
        ownPort: () => 8_080,
        onFault: (error) => this.faults.push(error),
      },
    );
  }

  /** The clock of this domain: after a crash, its timers do nothing. */
  #ownClock(): Clock {
    const unlessDead = (callback: () => void) => (): void => {
      if (!this.#isDead) callback();
    };
    return {
      now: () => this.clock.now(),
      elapsed: () => this.clock.elapsed(),
      after: (milliseconds, callback) => this.clock.after(milliseconds, unlessDead(callback)),
      nextTurn: (callback) => this.clock.nextTurn(unlessDead(callback)),
    };
  }

  /** The store of this domain: after a crash, it writes nothing. */
  #ownStore(): InstanceStore {
    return {
      dataDirId: this.store.dataDirId,
      load: () => this.store.load(),
      save: (instance, events) => this.#unlessDead(() => this.store.save(instance, events)),
      remove: (id, events) => this.#unlessDead(() => this.store.remove(id, events)),
    };
  }

  /** Runs a write unless the domain has crashed. After a crash it writes nothing, and its promise never settles. */
  async #unlessDead(write: () => Promise<void>): Promise<void> {
    const never = new Promise<never>(() => {});
    if (this.#isDead) await never;
    await write();
    if (this.#isDead) await never;
  }

  /** Output of runs, by the run's folder. */
  get output(): Map<string, string[]> {
    return this.logs.output;
  }

  /** While set, no output can be read. */
  set outputFault(fault: Error | null) {
    this.logs.fault = fault;
  }

  /** The options of this domain. */
  get options(): DomainOptions {
    return this.#options;
  }

  get manager(): InstanceManager {
    return this.instances.manager;
  }

  /** Completes everything that needs no time. Storing and its consequences take some turns of the event loop. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 20; turn += 1) await this.clock.flush();
  }

  /** Lets time pass, and completes everything that follows. */
  async pass(milliseconds: number): Promise<void> {
    await this.settle();
    await this.clock.advance(milliseconds);
    await this.settle();
  }

  /** Creates an instance and returns its id. */
  async create(name = 'a', settings: object = {}): Promise<string> {
    await this.manager.create({ name, model_path: '/m.gguf', ...settings });
    const stored = (await this.store.load()).find(({ record }) => record.name === name);
    return stored?.record.id ?? '';
  }

  /** Creates an instance, starts it, and returns its id. */
  async createRunning(name = 'a', settings: object = {}): Promise<string> {
    const id = await this.create(name, settings);
    await this.manager.start(name);
    await this.settle();
    return id;
  }

  /** Requests a lease for a caller who may start the instance and waits without limit. */
  acquire(instance = 'a', more: Partial<LeaseRequest> = {}): Promise<Lease> {
    const signal = new AbortController().signal;
    return this.manager.acquire({ instance, caller: 'x', mayStart: true, signal, ...more });
  }

  status(name = 'a'): string {
    return this.manager.get(name).status;
  }

  /**
   * Crashes the manager; its engines keep running. Resolves when the next manager has booted.
   *
   * @param options Options of the next manager; default: the same.
   * @param inherit Adds leases that are held elsewhere to the next manager.
   */
  async crash(options?: DomainOptions, inherit: (leases: LeaseBook) => void = () => undefined): Promise<Domain> {
    this.#isDead = true;
    this.supervisor.close();
    this.store.crash();
    const next = new Domain(this, options);
    inherit(next.instances.leases);
    await next.instances.boot();
    await next.settle();
    return next;
  }
}
