import type { Config } from '@llamactl/contract/config';
import { boot } from './boot.ts';
import { Editor } from './editor.ts';
import { Effects } from './effects.ts';
import { FleetKeeper } from './fleet.ts';
import { HealthProbe } from './health-probe.ts';
import { LeaseBook } from './lease-book.ts';
import type { InstanceState, RestartTerms } from './lifecycle.ts';
import { Mailbox } from './mailbox.ts';
import { Manager } from './manager.ts';
import type {
  AlertSink,
  Clock,
  EngineEndpoint,
  Engines,
  EventSink,
  InstanceRecord,
  InstanceStore,
  Randomness,
  RunLogs,
  RunMeter,
  Supervisor,
} from './ports.ts';
import { portHandover } from './port-handover.ts';
import { Registry } from './registry.ts';
import { Removals } from './removal.ts';
import { runReferences } from './run-references.ts';
import { Scheduler } from './scheduler.ts';
import { StartCheck } from './start-check.ts';
import { watchStore } from './store-watch.ts';
import type { FleetManager, InstanceManager } from './use-cases.ts';

/** Everything of the outside that the domain touches. */
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
  /** The port llamactl itself listens on, once known. */
  ownPort: () => number | null;
  /** A fault of ours, or of the disk: for the log. */
  onFault: (error: unknown, what: string) => void;
}

/** The domain, put together. */
export interface Instances {
  manager: InstanceManager;
  fleet: FleetManager;
  /** Takes up what the last server left; before anything else. */
  boot(): Promise<void>;
  /**
   * Ends the service. Engines live on unless `stopEngines`; stops under way are waited for, at most five seconds
   * (with `stopEngines`: until every engine is gone).
   */
  shutdown(options: { stopEngines: boolean }): Promise<void>;
}

const SHUTDOWN_PATIENCE_MS = 5_000;

export function createInstances(ports: Ports, options: InstancesOptions): Instances {
  const { clock, randomness, events, supervisor } = ports;
  const store = watchStore(ports.store, ports.alerts);
  const { settings, onFault } = options;
  const registry = new Registry(settings.port_range, options.ownPort);
  const references = runReferences(options.dataDirectory, store.dataDirId);
  const leases = new LeaseBook();
  const healthProbe = new HealthProbe(clock, ports.endpoint);

  const terms = (record: InstanceRecord): RestartTerms => ({
    autoRestart: record.settings.auto_restart ?? settings.auto_restart,
    maxRestarts: record.settings.max_restarts ?? settings.max_restarts,
    jitter: randomness.fraction(),
  });
  const effects = new Effects({
    ...ports,
    scheduler: new Scheduler(clock),
    references,
    terms,
    leases: (instance, run) => leases.of(instance, run),
    repick: (mailbox, avoid) => repick(registry, mailbox, avoid),
    portHandover: (record, signal) => portHandover(registry, clock, record, signal),
    startTimeoutMs: settings.start_timeout * 1_000,
    onFault: (error, effect) => onFault(error, `effect ${effect.type}`),
  });
  const openMailbox = (record: InstanceRecord, state: InstanceState): Mailbox =>
    new Mailbox(record, state, {
      store,
      events,
      clock,
      effects,
      onFault: (error) => onFault(error, 'an instance'),
    });
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
  const editor = new Editor({ ...ports, registry, startCheck, openMailbox });
  const manager = new Manager({
    ...ports,
    registry,
    references,
    leases,
    healthProbe,
    removals,
    editor,
    startCheck,
    defaults: settings,
  });
  const fleet = new FleetKeeper({ ...ports, registry, editor, startCheck, removals, manager, onFault });

  return {
    manager,
    fleet,
    boot: () => boot({ ...ports, registry, references, openMailbox, terms, onFault }),
    shutdown: ({ stopEngines }) => shutdown(registry, manager, clock, stopEngines),
  };
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

async function shutdown(registry: Registry, manager: Manager, clock: Clock, stopEngines: boolean): Promise<void> {
  manager.close();
  if (stopEngines) await manager.stopAll();
  const patience = new AbortController();
  const cancel = stopEngines ? (): void => {} : clock.after(SHUTDOWN_PATIENCE_MS, () => patience.abort());
  const stopping = registry.all().filter(({ state }) => state.status === 'stopping');
  await Promise.allSettled(
    stopping.map((mailbox) => mailbox.until(({ status }) => status !== 'stopping', patience.signal)),
  );
  cancel();
}
