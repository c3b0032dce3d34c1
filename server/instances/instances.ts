import type { Config } from '@llamactl/contract/config';
import type { Status } from '@llamactl/contract/instance';
import type { Load } from '@llamactl/contract/load';
import { boot } from './run/boot.ts';
import { Commands } from './commands.ts';
import { EditPreview } from './edit-preview.ts';
import { Editor } from './instance-editor.ts';
import { Effects } from './run/effects.ts';
import { FleetKeeper } from './fleet/fleet.ts';
import { HealthReports } from './run/health-report.ts';
import { ServedFacts } from './run/served-facts.ts';
import { InstanceRows } from './instance-rows.ts';
import { LoadWatch } from './run/load-watch.ts';
import { TriedChanges } from './why/tried-changes.ts';
import { IdleStops } from './slots/idle-stops.ts';
import { LeaseBook } from './slots/lease-book.ts';
import { type Lease, type LeaseRequest, targetOf } from './slots/leases.ts';
import type { InstanceState, Launch, RestartTerms } from './life/lifecycle.ts';
import { type EffectRunner, Mailbox } from './life/mailbox.ts';
import { Manager } from './manager.ts';
import type { AlertSink } from './ports/alert-sink.ts';
import type { Contexts } from './ports/contexts.ts';
import type { Engines } from './ports/engine-adapter.ts';
import type { RunFolders } from './ports/folders.ts';
import type { ListeningPorts, PortWitness } from './ports/listening-ports.ts';
import type { EngineEndpoint, EngineTarget } from './ports/engine-endpoint.ts';
import type { EventSink } from './ports/event-sink.ts';
import type { InstanceRecord } from './ports/instance-record.ts';
import type { ModelFinder } from './ports/model-finder.ts';
import type { InstanceStore } from './ports/instance-store.ts';
import type { LoadTimes } from './ports/load-times.ts';
import type { LiveFigures } from './ports/live-figures.ts';
import type { LaunchNeeds, MemoryMeter } from './ports/machine-memory.ts';
import type { MemoryOutlook } from './ports/memory-outlook.ts';
import type { Randomness } from './ports/random-values.ts';
import type { RunMeter } from './ports/run-meter.ts';
import type { RunLogs } from './ports/run-output.ts';
import type { LaunchPlan, Runs } from './ports/runs.ts';
import type { Clock } from './ports/time.ts';
import type { Trace } from './ports/trace.ts';
import { type FreedLook, FreedStarts } from './freed-starts.ts';
import { type LookDepth, RefusedStarts } from './refused-starts.ts';
import { Registry } from './registry.ts';
import { PortChoice } from './settings/port-choice.ts';
import { Removals } from './removal.ts';
import { runReferences } from './run-references.ts';
import { Scheduler } from './slots/scheduler.ts';
import { jointCapacity, slotCapacity } from './slots/capacity.ts';
import { memoryTerms } from './slots/memory-terms.ts';
import { MemoryAdmission, type MemoryAdmissionDependencies } from './slots/memory-admission.ts';
import { MemorySurvey } from './slots/memory-survey.ts';
import { InstanceSlots } from './slots/slot-world.ts';
import { currentRun } from './life/transitions.ts';
import { shutDown, storeAtLast } from './shutdown.ts';
import { StartCheck } from './start-check.ts';
import { StoppedLook } from './stopped-look.ts';
import { watchStore } from './store-watch.ts';
import type { FleetManager, InstanceManager } from './use-cases.ts';
import { WaitingRooms } from './slots/waiting-rooms.ts';
import { WholeChanges } from './fleet/whole-changes.ts';

/** All ports through which the domain reaches the outside. */
export interface Ports {
  clock: Clock;
  randomness: Randomness;
  store: InstanceStore;
  events: EventSink;
  engines: Engines;
  models: ModelFinder;
  endpoint: EngineEndpoint;
  runs: Runs;
  runFolders: RunFolders;
  listeningPorts: ListeningPorts;
  meter: RunMeter;
  figures: LiveFigures;
  loadTimes: LoadTimes;
  contexts: Contexts;
  logs: RunLogs;
  alerts: AlertSink;
  trace: Trace;
  /** `null`: llamactl knows nothing about memory, so it limits no start. */
  memory: MachineMemory | null;
}

/** Measures the memory of this machine, and computes the needs of launches. */
export interface MachineMemory {
  meter: MemoryMeter;
  needs: LaunchNeeds;
}

/**
 * Wraps ports of the domain, for tests that crash the process at one of them. Each method gets the original and returns
 * its replacement, which must pass calls on.
 */
export interface Interposition {
  effects(runner: EffectRunner): EffectRunner;
  store(store: InstanceStore): InstanceStore;
  runs(runs: Runs): Runs;
}

export interface InstancesOptions {
  /** Absolute. */
  dataDirectory: string;
  settings: Config['instances'];
  groups: Config['groups'];
  presets: Config['presets'];
  memory: Config['memory'];
  /** The port llamactl itself listens on, once known. */
  ownPort: () => number | null;
  /** Logs a fault of llamactl or of the disk. */
  onFault: (error: unknown, what: string) => void;
  /** Wraps ports for tests; left out: the ports are used directly. */
  interposition?: Interposition | undefined;
}

/** The requests of an instance now. */
export interface InstanceUse {
  status: Status;
  /** Requests that its engine works on. */
  in_flight: number;
  /** Requests that wait for its start, a slot or their turn. */
  waiting: number;
}

export interface ReadyEngine {
  /** Name of its instance. */
  name: string;
  target: EngineTarget;
}

/** The assembled domain. */
export interface Instances {
  manager: InstanceManager;
  fleet: FleetManager;
  /** The ready engines and their addresses, for scraping. Scraping does not reset the idle timer. */
  readyEngines(): ReadyEngine[];
  /** The requests of an instance, by its name; `null`: no such instance. */
  useOf(name: string): InstanceUse | null;
  /** The progress of all starts under way, by the name of the instance. */
  loads(): { name: string; load: Load }[];
  /** The memory for starts that are only considered. */
  memoryOutlook(machine: MachineMemory): MemoryOutlook;
  /** Restores the instances that the previous server left. Call it before any other method. */
  boot(): Promise<void>;
  /**
   * Looks which stopped instances cannot start. Never rejects.
   *
   * @param name Of the only instance to look at; default: all.
   * @returns whether a row of lists has changed
   */
  lookAtStopped(depth: LookDepth, name?: string): Promise<boolean>;
  /** Forgets refusals of starts for which a slot or memory is free now. */
  lookAtFreed(): FreedLook;
  /** All leases of all engines. */
  leases: LeaseBook;
  /**
   * Hands all instances to another server: from then on this server changes nothing, and gets all leases from
   * `successor`. Resolves when the instances are sealed.
   */
  handOver(successor: (request: LeaseRequest) => Promise<Lease>): Promise<void>;
  /**
   * Ends the service. Engines keep running unless `stopEngines`. Waits at most five seconds for stops under way; with
   * `stopEngines`, waits until every engine is gone.
   */
  shutdown(options: { stopEngines: boolean }): Promise<void>;
}

export function createInstances(outside: Ports, options: InstancesOptions): Instances {
  const { settings, groups, presets, onFault, interposition } = options;
  const runs = interposition?.runs(outside.runs) ?? outside.runs;
  const store = watchStore(interposition?.store(outside.store) ?? outside.store, outside.alerts);
  const { clock, randomness, events, trace, contexts } = outside;
  const registry = new Registry(options.ownPort);
  const portChoice = new PortChoice(registry, settings.port_range, () => outside.listeningPorts.occupied());
  const references = runReferences(options.dataDirectory, store.dataDirId);
  // After each change of an instance, all of them check what is due. During this call, each of them acts on that instance
  // only.
  const onChanged = (mailbox: Mailbox): void => {
    memory?.look(mailbox);
    scheduler.changed();
    waitingRooms.look(mailbox);
    idleStops.look(mailbox);
    servedFacts.look(mailbox);
    loads.look(mailbox);
  };
  const leases = new LeaseBook(clock, (instance) => {
    const mailbox = registry.byId(instance);
    if (mailbox !== null) onChanged(mailbox);
  });
  const memory = memoryAdmission(outside, options.memory, {
    isReady: (instance) => slots.use(instance).phase === 'running',
    isFixed: (instance) => slots.isPinned(instance) && slots.use(instance).phase !== 'leaving',
    onFault,
  });
  const refusedStarts = new RefusedStarts(outside);
  const shared = {
    ...outside,
    runs,
    store,
    registry,
    portChoice,
    references,
    leases,
    memory,
    refusedStarts,
    onFault,
  };
  const slots = new InstanceSlots({
    ...shared,
    groups,
    onClosed: (instance) => {
      const mailbox = registry.byId(instance);
      if (mailbox !== null) waitingRooms.look(mailbox);
    },
  });
  const exclusiveGroups = new Set(Object.keys(groups).filter((name) => groups[name]?.exclusive === true));
  const capacity = jointCapacity([slotCapacity(settings, groups), ...(memory === null ? [] : [memory])]);
  const scheduler = new Scheduler(clock, { capacity, exclusiveGroups }, slots, trace);
  const witnesses = new WeakMap<Launch, PortWitness>();
  const witness = (instance: string, launch: Launch): PortWitness | null => {
    const known = witnesses.get(launch);
    if (known !== undefined) return known;
    const found = outside.listeningPorts.witness(references.of(instance, launch), launch.plan.port);
    if (found !== null) witnesses.set(launch, found);
    return found;
  };
  const waitingRooms = new WaitingRooms({
    ...shared,
    scheduler,
    presets,
    witness,
    isClosed: (id) => slots.isClosed(id),
  });
  const idleStops = new IdleStops({
    ...shared,
    defaultSeconds: settings.idle_timeout,
    isPinned: (instance) => slots.isPinned(instance),
    onIdle: (instance, seconds) => slots.endIdle(instance, seconds),
  });
  const servedFacts = new ServedFacts({
    ...shared,
    targetOf: (instance, launch) => targetOf(launch, witness(instance, launch)),
  });
  const healthReports = new HealthReports(clock, outside.endpoint, onFault, witness);

  const loads = new LoadWatch(clock, outside.loadTimes);
  const tried = new TriedChanges();
  const rows = new InstanceRows({ ...shared, scheduler, waitingRooms, loads, servedFacts });

  const terms = (record: InstanceRecord): RestartTerms => ({
    autoRestart: record.settings.auto_restart ?? settings.auto_restart,
    maxRestarts: record.settings.max_restarts ?? settings.max_restarts,
    jitter: randomness.fraction(),
  });
  const startCheck = new StartCheck(shared);
  const ownEffects = new Effects({
    ...shared,
    scheduler,
    isWaitedFor: (instance) => waitingRooms.waiting(instance) > 0,
    terms,
    witness,
    startCheck,
    startTimeoutMs: settings.start_timeout * 1_000,
    onFault: (error, effect) => onFault(error, `effect ${effect.type}`),
  });
  const effects = interposition?.effects(ownEffects) ?? ownEffects;
  let isHandedOver = false;
  const over = new AbortController();
  const wholeChanges = new WholeChanges();
  const openMailbox = (record: InstanceRecord, state: InstanceState): Mailbox => {
    const report = (error: unknown): void => onFault(error, 'an instance');
    const mailbox = new Mailbox(record, state, { store, events, clock, effects, trace, onFault: report });
    if (isHandedOver) mailbox.seal();
    mailbox.watch(() => onChanged(mailbox));
    mailbox.watch(() => tried.look(mailbox));
    return mailbox;
  };
  const removals = new Removals({ ...shared, healthReports, rows, loads, tried });
  const commands = new Commands({ clock, scheduler, startCheck, refusedStarts, memory, defaults: settings });
  const defined = {
    groups: Object.keys(groups),
    pinnedGroups: Object.keys(groups).filter((group) => groups[group]?.pinned === true),
    presets: Object.keys(presets),
  };
  const editing = { ...shared, defined, startCheck, commands, wholeChanges };
  const editor = new Editor({ ...editing, openMailbox });
  const editPreview = new EditPreview({ ...editing, editor });
  const services = { ...editing, editor, editPreview, removals };
  const manager = new Manager({
    ...services,
    rows,
    scheduler,
    waitingRooms,
    healthReports,
    tried,
    defaults: settings,
  });
  const fleet = new FleetKeeper(services);
  const freedStarts = new FreedStarts({ registry, scheduler, memory, refusedStarts });
  const stoppedLook = new StoppedLook({ ...shared, startCheck });

  return {
    manager,
    fleet,
    readyEngines: () => registry.all().flatMap((mailbox) => readyEngine(mailbox, witness)),
    useOf: (name) => {
      const mailbox = registry.find(name);
      if (mailbox === null || mailbox.isClosed) return null;
      return { status: mailbox.state.status, ...rows.requests(mailbox) };
    },
    loads: () =>
      loads.underWay().flatMap((id) => {
        const mailbox = registry.byId(id);
        const load = mailbox === null ? null : loads.loadOf(mailbox.record, mailbox.state);
        return mailbox === null || load === null ? [] : [{ name: mailbox.record.name, load }];
      }),
    memoryOutlook: (machine) =>
      new MemorySurvey({
        ...machine,
        clock,
        admission: memory,
        use: (instance) => slots.use(instance),
        isPinned: (instance) => slots.isPinned(instance),
        runs: () => registry.open().flatMap(runOf),
      }),
    boot: () =>
      boot({ ...shared, openMailbox, terms, stopTimeoutMs: settings.stop_timeout * 1_000, over: over.signal }),
    lookAtStopped: (depth, name) => stoppedLook.look(depth, name),
    lookAtFreed: () => freedStarts.look(),
    leases,
    handOver: async (successor) => {
      await wholeChanges.end();
      await storeAtLast(registry);
      isHandedOver = true;
      contexts.close();
      over.abort();
      for (const mailbox of registry.all()) mailbox.seal();
      idleStops.close();
      manager.handOver(successor);
    },
    shutdown: ({ stopEngines }) => {
      over.abort();
      idleStops.close();
      return shutDown({ registry, manager, fleet, wholeChanges, clock }, stopEngines);
    },
  };
}

/** `null`: memory limits no start. */
function memoryAdmission(
  { memory, clock, engines, trace }: Ports,
  config: Config['memory'],
  judged: Pick<MemoryAdmissionDependencies, 'isReady' | 'isFixed' | 'onFault'>,
): MemoryAdmission | null {
  const terms = memoryTerms(config);
  if (memory === null || terms === null) return null;
  return new MemoryAdmission({ ...memory, ...judged, clock, engines, trace, terms });
}

function readyEngine(
  { record, state }: Mailbox,
  witness: (instance: string, launch: Launch) => PortWitness | null,
): ReadyEngine[] {
  if (state.status !== 'running' || state.run.launch === null) return [];
  return [{ name: record.name, target: targetOf(state.run.launch, witness(record.id, state.run.launch)) }];
}

function runOf({ record, state }: Mailbox): { id: string; engine: string; plan: LaunchPlan }[] {
  const launch = currentRun(state)?.launch ?? null;
  return launch === null ? [] : [{ id: record.id, engine: record.settings.engine, plan: launch.plan }];
}
