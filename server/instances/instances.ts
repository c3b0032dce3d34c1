import type { Config } from '@llamactl/contract/config';
import { boot } from './run/boot.ts';
import { Editor } from './instance-editor.ts';
import { Effects, targetOf } from './run/effects.ts';
import { FleetKeeper } from './fleet/fleet.ts';
import { HealthProbe } from './run/health-probe.ts';
import { IdleStops } from './slots/idle-stops.ts';
import { NOTHING_BETWEEN, type Interposition } from './interposition.ts';
import { LeaseBook } from './slots/lease-book.ts';
import type { Lease, LeaseRequest } from './slots/leases.ts';
import type { InstanceState, Launch, RestartTerms } from './life/lifecycle.ts';
import { Mailbox } from './life/mailbox.ts';
import { Manager } from './manager.ts';
import type {
  AlertSink,
  Clock,
  EngineEndpoint,
  EngineTarget,
  Engines,
  EventSink,
  InstanceRecord,
  InstanceStore,
  PortWitness,
  Randomness,
  RunLogs,
  RunMeter,
  Supervisor,
} from './ports.ts';
import { portHandover } from './run/port-handover.ts';
import { Registry } from './registry.ts';
import { Removals } from './removal.ts';
import { runReferences } from './run-references.ts';
import { Scheduler } from './slots/scheduler.ts';
import { slotCapacity } from './slots/capacity.ts';
import { InstanceSlots } from './slots/slot-world.ts';
import { StartCheck } from './start-check.ts';
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
  endpoint: EngineEndpoint;
  supervisor: Supervisor;
  meter: RunMeter;
  logs: RunLogs;
  alerts: AlertSink;
}

export interface InstancesOptions {
  /** Absolute. */
  dataDirectory: string;
  settings: Config['instances'];
  groups: Config['groups'];
  /** The port llamactl itself listens on, once known. */
  ownPort: () => number | null;
  /** Logs a fault of llamactl or of the disk. */
  onFault: (error: unknown, what: string) => void;
  /** Wraps ports for tests; left out: the ports are used directly. */
  interposition?: Interposition | undefined;
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
  /** Takes up the instances of the last server. Call it before anything else. */
  boot(): Promise<void>;
  /** All leases of all engines. */
  leases: LeaseBook;
  /**
   * Hands all instances to another server: this one changes nothing from then on, and `successor` gives all leases.
   * Resolves when the instances are sealed.
   */
  handOver(successor: (request: LeaseRequest) => Promise<Lease>): Promise<void>;
  /**
   * Ends the service. Engines live on unless `stopEngines`. Waits at most five seconds for stops under way; with
   * `stopEngines`, waits until every engine is gone.
   */
  shutdown(options: { stopEngines: boolean }): Promise<void>;
}

const SHUTDOWN_PATIENCE_MS = 5_000;

export function createInstances(outside: Ports, options: InstancesOptions): Instances {
  const { interposition = NOTHING_BETWEEN } = options;
  const supervisor = interposition.supervisor(outside.supervisor);
  const ports = { ...outside, supervisor, store: interposition.store(outside.store) };
  const { clock, randomness, events } = ports;
  const store = watchStore(ports.store, ports.alerts);
  const { settings, groups, onFault } = options;
  const registry = new Registry(settings.port_range, options.ownPort);
  const references = runReferences(options.dataDirectory, store.dataDirId);
  // After each change of an instance, all three reconsider. Within the call, each of them acts on that instance only.
  const onChanged = (mailbox: Mailbox): void => {
    scheduler.changed();
    waitingRooms.look(mailbox);
    idleStops.look(mailbox);
  };
  const leases = new LeaseBook(clock, (instance) => {
    const mailbox = registry.byId(instance);
    if (mailbox !== null) onChanged(mailbox);
  });
  const slots = new InstanceSlots({
    clock,
    registry,
    leases,
    groups,
    onClosed: (instance) => {
      const mailbox = registry.byId(instance);
      if (mailbox !== null) waitingRooms.look(mailbox);
    },
  });
  const exclusiveGroups = new Set(Object.keys(groups).filter((name) => groups[name]?.exclusive === true));
  const scheduler = new Scheduler(clock, { capacity: slotCapacity(settings, groups), exclusiveGroups }, slots);
  const witnesses = new WeakMap<Launch, PortWitness>();
  const witness = (instance: string, launch: Launch): PortWitness | null => {
    const known = witnesses.get(launch);
    if (known !== undefined) return known;
    const found = supervisor.witness(references.of(instance, launch), launch.plan.port);
    if (found !== null) witnesses.set(launch, found);
    return found;
  };
  const isClosed = (instance: string): boolean => slots.isClosed(instance);
  const waitingRooms = new WaitingRooms({ clock, leases, scheduler, witness, isClosed });
  const idleStops = new IdleStops({
    clock,
    leases,
    defaultSeconds: settings.idle_timeout,
    isPinned: (instance) => slots.isPinned(instance),
    onIdle: (instance, seconds) => slots.endIdle(instance, seconds),
  });
  const healthProbe = new HealthProbe(clock, ports.endpoint, onFault, witness);

  const terms = (record: InstanceRecord): RestartTerms => ({
    autoRestart: record.settings.auto_restart ?? settings.auto_restart,
    maxRestarts: record.settings.max_restarts ?? settings.max_restarts,
    jitter: randomness.fraction(),
  });
  const ownEffects = new Effects({
    ...ports,
    scheduler,
    isWaitedFor: (instance) => waitingRooms.waiting(instance) > 0,
    references,
    terms,
    witness,
    leases: (instance, run) => leases.of(instance, run),
    lastUsed: (instance, run) => leases.lastUsed(instance, run),
    repick: (mailbox, avoid) => repick(registry, mailbox, avoid),
    portHandover: (record, signal) => portHandover(registry, clock, record, signal),
    startTimeoutMs: settings.start_timeout * 1_000,
    onFault: (error, effect) => onFault(error, `effect ${effect.type}`),
  });
  const effects = interposition.effects(ownEffects);
  let isHandedOver = false;
  const over = new AbortController();
  const wholeChanges = new WholeChanges();
  const openMailbox = (record: InstanceRecord, state: InstanceState): Mailbox => {
    const mailbox = new Mailbox(record, state, {
      store,
      events,
      clock,
      effects,
      onFault: (error) => onFault(error, 'an instance'),
    });
    if (isHandedOver) mailbox.seal();
    mailbox.watch(() => onChanged(mailbox));
    return mailbox;
  };
  const removals = new Removals({
    clock,
    store,
    events,
    supervisor,
    logs: ports.logs,
    registry,
    references,
    leases,
    healthProbe,
    onFault,
  });
  const startCheck = new StartCheck({ ...ports, registry, references });
  const groupNames = new Set(Object.keys(groups));
  const stopTimeoutMs = settings.stop_timeout * 1_000;
  const editor = new Editor({ ...ports, registry, groups: groupNames, startCheck, wholeChanges, openMailbox });
  const manager = new Manager({
    ...ports,
    registry,
    references,
    scheduler,
    waitingRooms,
    healthProbe,
    removals,
    editor,
    startCheck,
    defaults: settings,
  });
  const fleet = new FleetKeeper({
    ...ports,
    registry,
    groups: groupNames,
    editor,
    startCheck,
    removals,
    wholeChanges,
    manager,
    onFault,
  });

  return {
    manager,
    fleet,
    readyEngines: () => registry.all().flatMap((mailbox) => readyEngine(mailbox, witness)),
    boot: () =>
      boot({ ...ports, leases, registry, references, openMailbox, terms, stopTimeoutMs, over: over.signal, onFault }),
    leases,
    handOver: async (successor) => {
      await wholeChanges.end();
      await storeAtLast(registry);
      isHandedOver = true;
      over.abort();
      for (const mailbox of registry.all()) mailbox.seal();
      idleStops.close();
      manager.handOver(successor);
    },
    shutdown: ({ stopEngines }) => {
      over.abort();
      idleStops.close();
      return shutdown({ registry, manager, fleet, wholeChanges, clock }, stopEngines);
    },
  };
}

function readyEngine(
  { record, state }: Mailbox,
  witness: (instance: string, launch: Launch) => PortWitness | null,
): ReadyEngine[] {
  if (state.status !== 'running' || state.run.launch === null) return [];
  return [{ name: record.name, target: targetOf(state.run.launch, witness(record.id, state.run.launch)) }];
}

/** Gives an instance another port of the range, and stores that. */
async function repick(
  registry: Registry,
  mailbox: Mailbox,
  avoid: ReadonlySet<number>,
): Promise<InstanceRecord | null> {
  const port = registry.freePort(mailbox.record.id, avoid);
  if (port === null) return null;
  const record = { ...mailbox.record, port, version: mailbox.record.version + 1 };
  await mailbox.amend(record);
  return record;
}

interface ShutdownDependencies {
  registry: Registry;
  manager: Manager;
  fleet: FleetKeeper;
  wholeChanges: WholeChanges;
  clock: Clock;
}

async function shutdown(dependencies: ShutdownDependencies, stopEngines: boolean): Promise<void> {
  const { registry, manager, fleet, wholeChanges, clock } = dependencies;
  manager.close();
  fleet.close();
  const patience = new AbortController();
  const cancel = clock.after(SHUTDOWN_PATIENCE_MS, () => patience.abort());
  // Changes of several records that belong together are stored completely, unless the disk takes too long.
  await within(patience.signal, wholeChanges.settled());
  if (stopEngines) await manager.stopAll();
  const stopping = registry.all().filter(({ state }) => state.status === 'stopping');
  const signal = stopEngines ? undefined : patience.signal;
  await Promise.allSettled(stopping.map((mailbox) => mailbox.until(({ status }) => status !== 'stopping', signal)));
  cancel();
  await storeAtLast(registry);
}

/** Resolves with `work`, or when `patience` aborts. */
async function within(patience: AbortSignal, work: Promise<void>): Promise<void> {
  const isLate = Promise.withResolvers<void>();
  patience.addEventListener('abort', () => isLate.resolve(), { once: true });
  await Promise.race([work, isLate.promise]);
}

/** Tries a last time to store unstored states. A state that cannot be stored is lost; an alert has announced that. */
async function storeAtLast(registry: Registry): Promise<void> {
  await Promise.allSettled(registry.all().map((mailbox) => mailbox.storeAtLast()));
}
