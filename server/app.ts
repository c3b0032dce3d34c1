import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import type { Logger } from 'pino';
import { AuditTrail } from './auth/audit.ts';
import { openAuthentication } from './auth/authentication.ts';
import { ensureFirstAdmin, type FirstAdmin } from './auth/first-admin.ts';
import { keepAlive, systemClock } from './clock.ts';
import { durationSeconds } from './config/duration.ts';
import { createConfigEditor } from './config/editor.ts';
import type { Environment } from './config/env.ts';
import type { LoadedConfig } from './config/load.ts';
import { createEngineEndpoint, createTextReader } from './engines/endpoint.ts';
import { createEngines } from './engines/engines.ts';
import { engineEnvironment } from './engine-environment.ts';
import { learnAll } from './engine-knowledge.ts';
import { createAlertDelivery } from './events/alert-delivery.ts';
import { alertsLeft } from './events/alerts-left.ts';
import { createAlerts } from './events/alerts.ts';
import { createEventBus } from './events/bus.ts';
import { createFeed } from './events/feed.ts';
import { createInstanceAlerts } from './events/instance-alerts.ts';
import { shrinkHeap } from './heap.ts';
import { GATEWAY_ERROR_SHAPES } from './gateway/error-shape.ts';
import { Requests } from './gateway/requests.ts';
import type { Readiness } from './http/admission.ts';
import { clientAddresses } from './http/client-address.ts';
import { gatewayRoutes } from './http/gateway.routes.ts';
import { RateLimits } from './http/rate-limit.ts';
import { seenBy } from './http/seen-manager.ts';
import { createHttpServer } from './http/server.ts';
import { webSocketRoutes } from './http/websocket.routes.ts';
import { inheritLock } from './inherited-lock.ts';
import { createInstances } from './instances/instances.ts';
import type { Interposition } from './instances/interposition.ts';
import { createLogKeeper } from './logs/keeper.ts';
import { createRunLogs } from './logs/run-logs.ts';
import { GatewayCounters } from './metrics/counters.ts';
import { readDiskSpace } from './metrics/disk-space.ts';
import { watchDisk } from './metrics/disk-watch.ts';
import { createEngineScrape } from './metrics/engine-scrape.ts';
import { createFigures } from './metrics/figures.ts';
import { createGpus } from './metrics/gpu/gpu.ts';
import { createHost } from './metrics/host.ts';
import { LifeCounters } from './metrics/life-counters.ts';
import { watchMemory } from './metrics/memory-watch.ts';
import { createRunMeter } from './metrics/meter.ts';
import { createSampler } from './metrics/sampler.ts';
import { createSystemView } from './metrics/system.ts';
import { mostConnections } from './open-files.ts';
import { systemRandomness } from './randomness.ts';
import { DOORS, openDoor, removeDoors } from './reload/door.ts';
import type { Inheritance } from './reload/inheritance.ts';
import type { Reign } from './reload/reign.ts';
import { Turnstile } from './reload/turnstile.ts';
import { createReign, doneBy } from './reign.ts';
import { shutDataDirectory } from './store/data-directory.ts';
import { acquireLock } from './store/lock.ts';
import type { Surroundings } from './store/place.ts';
import { openStore } from './store/sqlite.ts';
import { findExecutable } from './supervisor/executable.ts';
import { currentBootId } from './supervisor/identity.ts';
import { createSupervisor } from './supervisor/supervisor.ts';
import { createToolRunner } from './supervisor/tool.ts';
import { whereaboutsOf } from './supervisor/whereabouts.ts';

export interface AppOptions {
  loaded: LoadedConfig;
  /** The variables that llamactl was started with. */
  environment: Environment;
  log: Logger;
  version: string;
  /** RFC 3339. */
  buildTime: string;
  /** Of the source; `null`: not known. */
  commit: string | null;
  /** Overrides `server.port`; 0: the system chooses. For tests. */
  port?: number;
  /** Of the server that this one replaces; left out: there is none. */
  inheritance?: Inheritance | null;
  /** Stands between instances and what they do to the outside, for tests that die there; left out: nothing does. */
  interposition?: Interposition;
}

/** By then what waits at a boot is done: engines are adopted, callers are answered. */
const AT_REST_AFTER_MS = 2_000;

/** Until `server.json`, for which a full disk had no room, is written again. */
const DESCRIBE_AGAIN_MS = 1_000;

/** A running server. */
export interface App extends Reign {
  /** The account that this start made; `null`: there were accounts, or none are asked for. */
  firstAdmin: FirstAdmin | null;
}

/**
 * The composition root: everything is built here, once, in order, by hand. Nothing in the data directory is read before
 * the lock is ours, and nobody is answered before every stored engine has been looked at.
 *
 * @throws {Error} with a sentence for people: the data directory is in use, the port is taken, the store is broken
 */
export async function startApp(options: AppOptions): Promise<App> {
  const { environment, log, version, buildTime, commit, port, inheritance = null } = options;
  const { config, origin } = options.loaded;
  const clock = systemClock();
  const startedAt = clock.now();
  const inherited = engineEnvironment(environment, config.data_dir);
  const runTool = createToolRunner(clock, inherited);
  const engines = createEngines({
    config: config.engines,
    allowPrivileged: config.security.allow_privileged,
    searchPath: inherited['PATH'] ?? '',
    runTool,
    findProgram: findExecutable,
    clock,
  });
  if (inheritance !== null) await learnAll(engines);
  const lock = await (inheritance === null ? acquireLock : inheritLock(inheritance))({
    directory: config.data_dir,
    pid: process.pid,
    version,
    startedAt: new Date(startedAt).toISOString(),
    later: (again) => void clock.after(DESCRIBE_AGAIN_MS, again),
  });
  const letLive = keepAlive();
  const undo: (() => void | Promise<void>)[] = [letLive, () => lock.release()];
  let isHandingOver = false;
  const onFault = (error: unknown, what: string): void =>
    log.error({ err: error, what }, 'Something went wrong inside llamactl');
  const ending = <Part extends { close(): void | Promise<void> }>(part: Part): Part => {
    undo.push(() => part.close());
    return part;
  };
  const unwind = async (): Promise<void> => {
    for (const step of undo.splice(0).toReversed()) await step();
  };
  try {
    const dataDirectoryIsOpen = shutDataDirectory(config.data_dir, process.getuid?.() ?? 0);
    if (dataDirectoryIsOpen !== null) log.warn(dataDirectoryIsOpen);
    const doors = path.join(config.data_dir, DOORS);
    if (inheritance === null) removeDoors(doors, onFault);
    const file = path.join(config.data_dir, 'llamactl.db');
    const surroundings: Surroundings = {
      bootId: currentBootId(),
      look: (dataDirId, known) => whereaboutsOf(dataDirId, config.data_dir, known),
    };
    // The one before us has measured the disk, and requests wait.
    const store = ending(openStore({ file, clock, surroundings, log, isMeasured: inheritance !== null }));
    const randomness = systemRandomness();
    const supervisor = ending(
      createSupervisor({ dataDirId: store.dataDirId, inheritedEnvironment: inherited, clock, log }),
    );
    const stored = await store.replay.load();
    const left = alertsLeft(stored);
    const events = createEventBus({
      clock,
      replay: store.replay,
      stored,
      onError: (error, event) => log.error({ err: error, event: event.type }, 'An event went astray'),
    });
    events.subscribe((event) => {
      if (event.type !== 'system_alert') return log.info(event.data, event.type);
      const { level, message, ...alert } = event.data;
      log[alert.state === 'cleared' ? 'info' : logLevelOf(level)](alert, `Alert: ${message}`);
    });
    const idOf = (name: string): string | null => instances.manager.idOf(name);
    const alerts = ending(createAlerts({ clock, bus: events, left, idOf }));
    const hostname = os.hostname();
    const delivery = createAlertDelivery({ config: config.alerts, hostname, clock, runTool, events, left, onFault });
    // What is still to be told takes its time, and needs nothing of what is handed over.
    let told = Promise.resolve();
    undo.push(() => {
      told = delivery.close();
      return isHandingOver ? undefined : told;
    });
    const keeper = createLogKeeper({
      clock,
      runTool,
      limits: { maxSizeBytes: megabytes(config.logs.max_size_mb), maxTotalBytes: megabytes(config.logs.max_total_mb) },
      alerts,
      freezer: supervisor,
      onFault,
    });
    undo.push(() => keeper.settled());
    const logs = ending(createRunLogs({ clock, keeper, onFault }));
    const findTool = async (command: string): Promise<string | null> =>
      findExecutable(command, inherited['PATH'] ?? '').catch(() => null);
    const gpus = createGpus({ runTool, findTool, clock, onFault });
    const meter = createRunMeter({ supervisor, gpus });
    const diskSpace = () => readDiskSpace(config.data_dir);
    ending(watchDisk({ clock, alerts, diskSpace, onFault }));
    const host = createHost({ clock, diskSpace });
    ending(watchMemory({ clock, alerts, memory: () => host.memory(), onFault }));
    let ownPort = inheritance?.hello.listening ?? port ?? config.server.port;
    const instances = createInstances(
      {
        clock,
        randomness,
        store,
        events,
        engines,
        endpoint: createEngineEndpoint({ clock }),
        supervisor,
        meter,
        logs,
        alerts,
      },
      {
        dataDirectory: config.data_dir,
        settings: config.instances,
        groups: config.groups,
        ownPort: () => ownPort,
        onFault,
        interposition: options.interposition,
      },
    );
    const { manager, fleet } = instances;
    const feed = ending(createFeed({ clock, bus: events, idOf }));
    const sampler = ending(
      createSampler({
        clock,
        intervalSeconds: config.stats.interval,
        liveRuns: () => manager.liveRuns(),
        meter,
        onSample: (sample) => feed.stats(sample),
        onFault,
      }),
    );
    const requestCounters = new GatewayCounters();
    const requests = new Requests({ clock, onFinished: (figures) => requestCounters.finished(figures) });
    const lives = new LifeCounters();
    events.subscribe((event) => {
      const { type, data } = event;
      lives.onEvent(event);
      if (type === 'instance_status_changed') sampler.noteChange();
      if (type !== 'instance_deleted') return;
      sampler.forget(data.name);
      requestCounters.forget(data.name);
      requests.forget(data.name);
    });
    const instanceAlerts = ending(
      createInstanceAlerts({
        clock,
        alerts,
        events,
        instances: manager,
        gpus: () => gpus.list(),
        portHolder: (wanted) => supervisor.portHolder(wanted),
        onFault,
      }),
    );
    const auth = ending(
      await openAuthentication({
        store: store.accounts,
        clock,
        randomness,
        alerts,
        instances: manager,
        isEnabled: config.auth.enabled,
        isInferenceOpen: config.auth.inference === 'open',
        tokenTtl: durationSeconds(config.auth.token_ttl),
        onFault: (error) => onFault(error, 'accounts'),
      }),
    );
    const password = environment['LLAMACTL_ADMIN_PASSWORD'] ?? null;
    const firstAdmin = config.auth.enabled
      ? await ensureFirstAdmin({ accounts: auth.accounts, randomness, password, dataDir: config.data_dir })
      : null;
    const audit = ending(
      new AuditTrail({ store: store.audit, clock, onFault: (error) => onFault(error, 'the audit trail') }),
    );
    const system = createSystemView({ host, gpus, clock, startedAt, version, buildTime, commit, hostname });
    const figures = createFigures({
      clock,
      system,
      stats: sampler,
      requests: requestCounters,
      lives,
      engines: createEngineScrape({
        clock,
        targets: () => instances.readyEngines(),
        read: createTextReader({ clock }),
      }),
      inFlight: (statusOf) => requests.list(statusOf),
      startedAt,
    });
    let readiness: Readiness = 'starting';
    const shutdown = new AbortController();
    const leaving = new AbortController();
    const turnstile = new Turnstile();
    let record = (entry: AuditedRequest): void => audit.record(entry);
    const http = createHttpServer({
      manager,
      auth,
      audit: { record: (entry) => record(entry), read: (query) => audit.read(query) },
      limits: new RateLimits({ clock, config: config.rate_limit }),
      clientAddress: clientAddresses(config.server.trusted_proxies),
      fleet,
      configEditor: createConfigEditor(origin),
      metrics: { system, stats: sampler },
      figures,
      requests,
      alerts: () => alerts.list(),
      config,
      log,
      clock,
      version,
      hostname,
      readiness: () => readiness,
      plugins: [
        gatewayRoutes({
          instancesFor: (caller) => seenBy(caller, manager),
          clock,
          requests,
          settings: {
            loadingKeepaliveSeconds: config.gateway.loading_keepalive,
            aliasesInModels: config.gateway.aliases_in_models,
          },
          leaving: leaving.signal,
        }),
        webSocketRoutes({ ...auth, events: feed, isAuthEnabled: config.auth.enabled, clock, leaving: leaving.signal }),
      ],
      errorShapes: GATEWAY_ERROR_SHAPES,
      shutdownSignal: shutdown.signal,
      maxConnections: mostConnections(),
      turnstile,
    });
    const closeHttp = (): Promise<void> => http.close();
    undo.push(closeHttp);

    await inheritance?.link.serve({
      leases: instances.leases,
      acquire: (request) => manager.acquire(request),
      record: (entry) => record(entry),
      overheard: (type) => log.debug({ type }, 'The server before this one said something of a later version'),
    });
    auth.watchDead((dead) => inheritance?.link.dead(dead));
    // Engines are not started for a server that cannot listen.
    const early = ownPort === 0 || inheritance !== null ? null : await supervisor.portHolder(ownPort);
    if (early !== null) throw portTaken(ownPort, early.description);
    await instances.boot();
    instanceAlerts.lookAtAll();
    sampler.noteChange();
    const listening =
      inheritance === null
        ? http.listen({ host: config.server.host, port: ownPort })
        : http.listenBy(inheritance.listener);
    const address = await listening.catch(async (error: unknown) => {
      const holder = await supervisor.portHolder(ownPort);
      throw holder === null ? error : portTaken(ownPort, holder.description, error);
    });
    ownPort = address.port;
    const url = urlOf(address);
    readiness = 'ok';
    undo.push(clock.after(AT_REST_AFTER_MS, shrinkHeap));
    if (inheritance !== null) {
      const door = await openDoor(doors, (socket, introduction) => http.take(socket, introduction));
      void inheritance.link.closed.then(() => door.close());
      // Who goes before we do needs both as long as it lives.
      undo.push(() => {
        if (isHandingOver) return;
        inheritance.link.end();
        door.close();
      });
      inheritance.link.ready(door.path);
    }
    // Whoever reads that it is done can count on it: the one before us does not take back what was ready.
    const isDescribed = lock.describe({ url, ...(inheritance === null ? {} : { reload: doneBy(inheritance) }) });
    if (!isDescribed) log.warn('The disk of data_dir is full: server.json will say who has it when there is room.');

    let closing: Promise<void> | null = null;
    const close = async (stopEngines: boolean): Promise<void> => {
      readiness = 'stopping';
      shutdown.abort();
      await instances.shutdown({ stopEngines });
      await http.close();
      await unwind();
    };
    const release = async (): Promise<void> => {
      isHandingOver = true;
      const [, , ...others] = undo.splice(0);
      for (const step of others.toReversed()) {
        if (step === closeHttp) continue;
        try {
          await step();
        } catch (error) {
          // Nothing is served without the lock, whoever takes it.
          onFault(error, 'letting go of a part of the server');
        }
      }
      lock.handOver();
    };
    return {
      firstAdmin,
      ...createReign({
        url,
        ownPort,
        config,
        version,
        clock,
        inheritance,
        lock,
        http,
        turnstile,
        shutdown,
        leaving,
        instances,
        release,
        shutOut: (dead) => auth.end(dead),
        recordBy: (recordThere) => {
          record = recordThere;
        },
        atLast: async () => {
          await told;
          letLive();
        },
        close: ({ stopEngines }) => (closing ??= close(stopEngines)),
      }),
    };
  } catch (error) {
    await unwind();
    throw error;
  }
}

function logLevelOf(level: 'warning' | 'error'): 'warn' | 'error' {
  return level === 'error' ? 'error' : 'warn';
}

type AuditedRequest = Parameters<AuditTrail['record']>[0];

function megabytes(count: number): number {
  return count * 1_000_000;
}

function urlOf({ address, family, port }: AddressInfo): string {
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
}

function portTaken(port: number, by: string, cause?: unknown): Error {
  const message = `port ${port} is taken by ${by}; choose another with --port, LLAMACTL_SERVER_PORT or server.port in the configuration file`;
  return new Error(message, { cause });
}
