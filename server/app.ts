import { statSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import type { Logger } from 'pino';
import { keepAlive, systemClock } from './clock.ts';
import { createConfigEditor } from './config/editor.ts';
import { inheritedEnvironment, type Environment } from './config/env.ts';
import type { LoadedConfig } from './config/load.ts';
import { createEngineEndpoint } from './engines/endpoint.ts';
import { createEngines } from './engines/engines.ts';
import { createAlerts } from './events/alerts.ts';
import { createEventBus } from './events/bus.ts';
import { shrinkHeap } from './heap.ts';
import { GATEWAY_ERROR_SHAPES } from './gateway/error-shape.ts';
import { gatewayRoutes } from './http/gateway.routes.ts';
import type { Readiness } from './http/admission.ts';
import { createHttpServer } from './http/server.ts';
import { createInstances } from './instances/instances.ts';
import { createLogKeeper } from './logs/keeper.ts';
import { createRunLogs } from './logs/run-logs.ts';
import { readDiskSpace } from './metrics/disk-space.ts';
import { watchDisk } from './metrics/disk-watch.ts';
import { createGpus } from './metrics/gpu/gpu.ts';
import { createHost } from './metrics/host.ts';
import { createRunMeter } from './metrics/meter.ts';
import { createSampler } from './metrics/sampler.ts';
import { createSystemView } from './metrics/system.ts';
import { systemRandomness } from './randomness.ts';
import { acquireLock } from './store/lock.ts';
import { openStore } from './store/sqlite.ts';
import { findExecutable } from './supervisor/executable.ts';
import { createSupervisor } from './supervisor/supervisor.ts';
import { createToolRunner } from './supervisor/tool.ts';

export interface AppOptions {
  loaded: LoadedConfig;
  /** The variables that llamactl was started with. */
  environment: Environment;
  log: Logger;
  version: string;
  /** RFC 3339. */
  buildTime: string;
  /** Overrides `server.port`; 0: the system chooses. For tests. */
  port?: number;
}

/** By then what waits at a boot is done: engines are adopted, callers are answered. */
const AT_REST_AFTER_MS = 2_000;

/** A running server. */
export interface App {
  /** Where it listens. */
  url: string;
  /** Ends the service; engines live on unless `stopEngines`. Safe to call twice. */
  close(options: { stopEngines: boolean }): Promise<void>;
}

/**
 * The composition root: everything is built here, once, in order, by hand. Nothing in the data directory is read before
 * the lock is ours, and nobody is answered before every stored engine has been looked at.
 *
 * @throws {Error} with a sentence for people: the data directory is in use, the port is taken, the store is broken
 */
export async function startApp(options: AppOptions): Promise<App> {
  const { environment, log, version, buildTime, port } = options;
  const { config, origin } = options.loaded;
  const clock = systemClock();
  const startedAt = clock.now();
  const lock = acquireLock({
    directory: config.data_dir,
    pid: process.pid,
    version,
    startedAt: new Date(startedAt).toISOString(),
  });
  const undo: (() => void | Promise<void>)[] = [keepAlive(), () => lock.release()];
  const onFault = (error: unknown, what: string): void =>
    log.error({ err: error, what }, 'Something went wrong inside llamactl');
  const unwind = async (): Promise<void> => {
    for (const step of undo.splice(0).toReversed()) await step();
  };
  try {
    const { mode } = statSync(config.data_dir);
    if ((mode & 0o022) !== 0)
      log.warn(`${config.data_dir} can be written by others, who can so become you; chmod 700 it`);
    const store = openStore({ file: path.join(config.data_dir, 'llamactl.db'), log, clock });
    undo.push(() => store.close());
    const inherited = withInstalledEngines(inheritedEnvironment(environment), config.data_dir);
    const supervisor = createSupervisor({ dataDirId: store.dataDirId, inheritedEnvironment: inherited, clock, log });
    undo.push(() => supervisor.close());
    const runTool = createToolRunner(clock, inherited);
    const engines = createEngines({
      config: config.engines,
      allowPrivileged: config.security.allow_privileged,
      searchPath: inherited['PATH'] ?? '',
      runTool,
      findProgram: findExecutable,
      clock,
    });
    const events = createEventBus((error, event) => log.error({ err: error, event: event.type }, 'A listener failed'));
    events.subscribe((event) => {
      if (event.type === 'system_alert') log.error(event.data, 'Alert');
      else log.info(event.data, event.type);
    });
    const alerts = createAlerts(clock, events);
    const keeper = createLogKeeper({
      clock,
      runTool,
      limits: { maxSizeBytes: megabytes(config.logs.max_size_mb), maxTotalBytes: megabytes(config.logs.max_total_mb) },
      alerts,
      freezer: supervisor,
      onFault,
    });
    const logs = createRunLogs({ clock, keeper, onFault });
    undo.push(() => logs.close());
    const findTool = async (command: string): Promise<string | null> =>
      findExecutable(command, inherited['PATH'] ?? '').catch(() => null);
    const gpus = createGpus({ runTool, findTool, clock, onFault });
    const meter = createRunMeter({ supervisor, gpus });
    const diskSpace = () => readDiskSpace(config.data_dir);
    const diskWatch = watchDisk({ clock, alerts, diskSpace, onFault });
    undo.push(() => diskWatch.close());
    let ownPort = port ?? config.server.port;
    const instances = createInstances(
      {
        clock,
        randomness: systemRandomness(),
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
        ownPort: () => ownPort,
        onFault,
      },
    );
    const { manager, fleet } = instances;
    const sampler = createSampler({
      clock,
      intervalSeconds: config.stats.interval,
      liveRuns: () => manager.liveRuns(),
      meter,
      onSample: () => undefined,
      onFault,
    });
    undo.push(() => sampler.close());
    events.subscribe(({ type, data }) => {
      if (type === 'instance_status_changed') sampler.noteChange();
      if (type === 'instance_deleted') sampler.forget(data.name);
    });
    const hostname = os.hostname();
    const host = createHost({ clock, diskSpace });
    const list = () => manager.list();
    const system = createSystemView({ list, host, gpus, clock, startedAt, version, buildTime, hostname });
    let readiness: Readiness = 'starting';
    const shutdown = new AbortController();
    const http = createHttpServer({
      manager,
      fleet,
      configEditor: createConfigEditor(origin),
      metrics: { system, stats: sampler },
      alerts: () => alerts.list(),
      config,
      log,
      clock,
      version,
      hostname,
      readiness: () => readiness,
      plugins: [gatewayRoutes({ instances: manager, clock })],
      errorShapes: GATEWAY_ERROR_SHAPES,
      shutdownSignal: shutdown.signal,
    });
    undo.push(() => http.close());

    // Engines are not started for a server that cannot listen.
    const early = ownPort === 0 ? null : await supervisor.portHolder(ownPort);
    if (early !== null) throw portTaken(ownPort, early.description);
    await instances.boot();
    sampler.noteChange();
    const address = await http.listen({ host: config.server.host, port: ownPort }).catch(async (error: unknown) => {
      const holder = await supervisor.portHolder(ownPort);
      throw holder === null ? error : portTaken(ownPort, holder.description, error);
    });
    ownPort = address.port;
    const url = urlOf(address);
    lock.describe({ url });
    readiness = 'ok';
    undo.push(clock.after(AT_REST_AFTER_MS, shrinkHeap));

    let closing: Promise<void> | null = null;
    const close = async (stopEngines: boolean): Promise<void> => {
      readiness = 'stopping';
      shutdown.abort();
      await instances.shutdown({ stopEngines });
      await http.close();
      await unwind();
    };
    return { url, close: ({ stopEngines }) => (closing ??= close(stopEngines)) };
  } catch (error) {
    await unwind();
    throw error;
  }
}

/** What `quickstart` installed is found after everything that is on PATH. */
function withInstalledEngines(environment: Record<string, string>, dataDirectory: string): Record<string, string> {
  const installed = path.join(dataDirectory, 'engines', 'llama_cpp');
  return { ...environment, PATH: [environment['PATH'], installed].filter(Boolean).join(path.delimiter) };
}

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
