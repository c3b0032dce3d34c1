import os from 'node:os';
import path from 'node:path';
import type { Logger } from 'pino';
import type { FirstAdmin } from '../auth/first-admin.ts';
import { openCallers } from './callers.ts';
import { keepAlive, systemClock } from '../clock.ts';
import { keepContexts } from './context-keeping.ts';
import { createConfigEditor } from '../config/config-editor.ts';
import type { Environment } from '../config/env.ts';
import type { LoadedConfig } from '../config/load.ts';
import { createEngineEndpoint } from '../engines/endpoint.ts';
import { createEngines } from '../engines/engines.ts';
import { engineEnvironment } from '../engine-environment.ts';
import { openEngineLogs } from './engine-logs.ts';
import { shrinkHeapAtRest } from './heap.ts';
import type { Engines } from '../instances/ports/engine-adapter.ts';
import { createStartsAlert } from '../events/starts-alert.ts';
import { createInstances, type Interposition } from '../instances/instances.ts';
import { downloadRoots, isOurs, openDownloads } from './downloading.ts';
import { contextFolders } from '../instances/run-references.ts';
import { Listening } from './listening.ts';
import { refreshFreed } from './freed-refresh.ts';
import { listRefresh } from './list-refresh.ts';
import { watchHost } from './host-watch.ts';
import { openMemoryMeter } from '../metrics/machine-memory-meter.ts';
import { openAlertsWiring } from './alerts-wiring.ts';
import { openHub } from './hub.ts';
import { keepLoadTimes } from './load-time-keeping.ts';
import { openDoctor } from './diagnosis.ts';
import { openDecisionTrace } from './decision-log.ts';
import { observe } from './observation.ts';
import { LastFigures } from '../metrics/last-figures.ts';
import { FactsThread } from '../models/facts-thread.ts';
import { startFactsWorker } from '../models/facts-worker-script.ts';
import { ModelLibrary } from '../models/library.ts';
import { LaunchFigures } from '../models/launch-figures.ts';
import { LaunchFits } from '../models/launch-fits.ts';
import { EstimatedNeeds } from '../models/launch-needs.ts';
import { MemoryEstimator } from '../models/memory-estimator.ts';
import { ModelMemories } from '../models/model-memory.ts';
import { readProcessor } from '../models/processor.ts';
import { configuredPlaces } from '../models/model-places.ts';
import { systemRandomness } from '../randomness.ts';
import { OwnLog } from '../service/own-log.ts';
import { SlicedWork } from '../sliced-work.ts';
import { DOORS, removeDoors } from '../reload/door.ts';
import type { Inheritance } from '../reload/inheritance.ts';
import type { ReplaceableServer } from '../reload/replaceable.ts';
import { requestsOfBoth } from './predecessor-requests.ts';
import { openReplaceableServer } from './replaceable-server.ts';
import { createServing } from './serving.ts';
import { openStorage } from './storage.ts';
import { assertFolder, shutDataDirectory } from '../store/data-directory.ts';
import { watchDirectory } from '../store/directory-watch.ts';
import { findExecutable } from '../supervisor/executable.ts';
import { createSupervisor } from '../supervisor/supervisor.ts';
import { createToolRunner } from '../supervisor/tool.ts';
import { servePredecessor, takeLock } from './take-over.ts';
import { Teardown } from './teardown.ts';

export interface AppOptions {
  loaded: LoadedConfig;
  /** Environment variables of llamactl. */
  environment: Environment;
  log: Logger;
  /** The last lines of the log. Default: none are kept. */
  ownLog?: OwnLog;
  version: string;
  /** RFC 3339. */
  buildTime: string;
  /** Commit of the source; `null`: unknown. */
  commit: string | null;
  /** Overrides `server.port`; 0: the system chooses. For tests. */
  port?: number;
  /** From the server that this one replaces; left out: it replaces none. */
  inheritance?: Inheritance | null;
  /** Intercepts the effects of instances, for tests that crash there; left out: nothing is intercepted. */
  interposition?: Interposition;
  /** Begins to replace this server by a new process; false: it cannot now. Left out: it never can. @param requestedBy For the log */
  reload?: (requestedBy: string) => boolean;
  /** Called when an engine has first answered a request. */
  onFirstAnswer?: () => void;
}

/** A running server. */
export interface App extends ReplaceableServer {
  /** The account that this start created; `null`: accounts existed, or authentication is off. */
  firstAdmin: FirstAdmin | null;
}

/**
 * Starts the server. This is the composition root: it builds every part once, in order, by hand, or calls a section that does.
 * It reads nothing in the data directory before it has the lock, and answers no request before it has examined all stored engines.
 *
 * @throws {Error} with a sentence for people: the data directory is in use, the port is taken, the store is broken
 */
export async function startApp(options: AppOptions): Promise<App> {
  const { environment, log, ownLog = new OwnLog(), version, buildTime, commit, inheritance = null } = options;
  const { config, origin } = options.loaded;
  const dataDirectory = config.data_dir;
  const clock = systemClock();
  const startedAt = clock.now();
  const begunAt = clock.elapsed();
  const inherited = engineEnvironment(environment, dataDirectory);
  const searchPath = inherited['PATH'] ?? '';
  const runTool = createToolRunner(clock, inherited);
  const engines = createEngines({
    config: config.engines,
    allowPrivileged: config.security.allow_privileged,
    searchPath,
    runTool,
    findProgram: findExecutable,
    clock,
    contextFolder: config.contexts.max_total_mb === 0 ? null : contextFolders(dataDirectory).folderOf,
  });
  if (inheritance !== null) await learnAll(engines);
  const lock = await takeLock(inheritance, { directory: dataDirectory, version, startedAt, clock });
  const allowExit = keepAlive();
  const teardown = new Teardown();
  teardown.addLasting(allowExit);
  teardown.addLasting(() => lock.release());
  const onFault = (error: unknown, what: string): void =>
    log.error({ err: error, what }, 'Something went wrong inside llamactl');
  try {
    const dataDirectoryIsOpen = shutDataDirectory(dataDirectory, process.getuid?.() ?? 0);
    if (dataDirectoryIsOpen !== null) log.warn(dataDirectoryIsOpen);
    const doors = path.join(dataDirectory, DOORS);
    if (inheritance === null) {
      // Not in a reload: a successor that fails here leaves the directory to the predecessor, which would fail in the same way.
      assertFolder(dataDirectory);
      removeDoors(doors, onFault);
    }
    // In a reload the predecessor has measured the disk, and requests wait.
    const isMeasured = inheritance !== null;
    const shared = { clock, log, runTool, onFault, teardown };
    const store = openStorage({ ...shared, dataDirectory, isMeasured });
    const { dataDirId, replay } = store;
    const randomness = systemRandomness();
    const supervisor = teardown.ending(createSupervisor({ dataDirId, inheritedEnvironment: inherited, clock, log }));
    const hostname = os.hostname();
    const idOf = (name: string): string | null => instances.manager.idOf(name);
    const nameOf = (id: string): string | null => instances.manager.nameOf(id);
    const trace = openDecisionTrace({ ...shared, idOf, nameOf });
    const alertsWiring = await openAlertsWiring({ ...shared, config: config.alerts, replay, hostname, idOf });
    const { events, alerts, history, test: testAlerts } = alertsWiring;
    const directoryWatch = teardown.ending(
      watchDirectory({ ...shared, directory: dataDirectory, lock, databaseFile: store.databaseFile, alerts }),
    );
    const logs = openEngineLogs({ ...shared, config: config.logs, alerts, freezer: supervisor });
    const machine = watchHost({ ...shared, dataDirectory, searchPath, runs: supervisor, alerts });
    const listening = new Listening({
      host: config.server.host,
      port: inheritance?.hello.listening ?? options.port ?? config.server.port,
      listener: inheritance?.listener ?? null,
      listeningPorts: supervisor,
    });
    const home = os.homedir();
    const own = path.join(dataDirectory, 'models');
    const { platform } = process;
    const { cache, places } = configuredPlaces(config.models, {
      own,
      environment,
      home,
      isHomeOurs: isOurs(home),
      platform,
    });
    const work = new SlicedWork(clock);
    const indexFile = path.join(dataDirectory, 'models.index');
    const reader = new FactsThread({ start: startFactsWorker, onFault });
    const models = teardown.ending(
      new ModelLibrary({
        clock,
        work,
        places,
        indexFile,
        reader,
        onFault,
        onProblem: (problem) => log.warn(problem),
        onScanned: (hasNews) => refreshLists(hasNews),
      }),
    );
    const figures = new LastFigures();
    const launchFigures = new LaunchFigures(path.join(dataDirectory, 'models.figures'));
    await launchFigures.load();
    const fits = new LaunchFits({
      memories: new ModelMemories(),
      processor: readProcessor,
      figures: launchFigures,
      findProgram: findExecutable,
      searchPath,
    });
    const meter = openMemoryMeter(machine, process.platform);
    // The first reading searches for tools. No start has to wait for that.
    void meter.read();
    const needs = new EstimatedNeeds({
      engines,
      fits,
      figures: launchFigures,
      inherited,
      placesEngines: config.memory.admission === 'auto',
    });
    const instances = createInstances(
      {
        clock,
        randomness,
        store,
        events,
        engines,
        models,
        endpoint: createEngineEndpoint({ clock }),
        runs: supervisor,
        runFolders: supervisor,
        listeningPorts: supervisor,
        meter: machine.meter,
        figures,
        loadTimes: keepLoadTimes({ ...shared, dataDirectory }),
        logs,
        contexts: keepContexts({
          ...shared,
          config: config.contexts,
          dataDirectory,
          findProgram: findExecutable,
          searchPath,
        }),
        alerts,
        trace,
        memory: { meter, needs },
      },
      {
        dataDirectory,
        settings: config.instances,
        groups: config.groups,
        presets: config.presets,
        memory: config.memory,
        ownPort: () => listening.port,
        onFault,
        interposition: options.interposition,
      },
    );
    const estimator = new MemoryEstimator({ engines, needs, outlook: instances.memoryOutlook({ meter, needs }) });
    const program = { version, buildTime, commit, hostname, startedAt, begunAt };
    const folders = [
      { kind: 'data' as const, path: dataDirectory },
      ...[...new Set([...config.models.dirs, cache])].map((folder) => ({ kind: 'models' as const, path: folder })),
    ];
    const observation = observe({
      ...shared,
      dataDirectory,
      work,
      folders,
      groups: config.groups,
      config: config.stats,
      program,
      events,
      alerts,
      decisions: trace,
      instances,
      machine,
      figures,
      listeningPorts: supervisor,
      onFirstAnswer: options.onFirstAnswer ?? (() => undefined),
    });
    const rootFor = downloadRoots(cache, own);
    const hub = openHub({ config: config.models, environment, home, version, machine, rootFor });
    const downloads = await openDownloads({
      ...shared,
      source: hub.remote,
      config: config.models,
      rootFor,
      models,
      environment,
      randomness,
      store,
      events,
      feed: observation.feed,
      alerts,
    });
    const password = environment['LLAMACTL_ADMIN_PASSWORD'] ?? null;
    const callers = await openCallers({ ...shared, config, store, randomness, alerts, trace, instances, password });
    const configEditor = createConfigEditor(origin);
    const startsAlert = teardown.ending(
      createStartsAlert({
        clock,
        alerts,
        events,
        instances: instances.manager,
        lookAt: async (name) => {
          const hasChanged = await instances.lookAtStopped('memory', name);
          if (hasChanged) observation.feed.send({ type: 'instances_refreshed', data: { reason: 'starts' } });
        },
      }),
    );
    teardown.ending(refreshFreed({ clock, events, instances, feed: observation.feed }));
    const refreshLists = listRefresh({ instances, feed: observation.feed, startsAlert });
    const requests = requestsOfBoth(observation.requests, inheritance?.link ?? null);
    const serving = createServing({
      ...shared,
      requests,
      config,
      configEditor,
      reload: options.reload ?? (() => false),
      program,
      work,
      engines,
      models,
      estimator,
      hub,
      downloads,
      instances,
      alerts,
      testAlerts,
      history,
      ownLog,
      doctor: openDoctor({
        clock,
        built: buildTime,
        config,
        dataDirectory,
        configEditor,
        alerts,
        models,
        instances: instances.manager,
        machine,
        port: () => listening.port,
      }),
      trace,
      observation,
      callers,
      dataDirId,
    });

    if (inheritance !== null) {
      const { usage, requests: ownRequests } = observation;
      await servePredecessor(inheritance, { instances, callers, usage, requests: ownRequests, log });
    }
    await listening.checkPort();
    await instances.boot();
    observation.begin();
    models.begin();
    downloads.begin();
    teardown.add(shrinkHeapAtRest({ clock }));
    const server = await openReplaceableServer({
      ...shared,
      config,
      version,
      doors,
      inheritance,
      lock,
      directoryWatch,
      allowExit,
      listening,
      instances,
      callers,
      alertsWiring,
      usage: observation.usage,
      requests,
      ownRequests: observation.requests,
      serving,
      writeAhead: () => observation.writeAhead(),
    });
    return { ...server, firstAdmin: callers.firstAdmin };
  } catch (error) {
    await teardown.unwind();
    throw error;
  }
}

/** Learns the options of all engines in advance, so that no request waits for it: each takes a tenth of a second. */
async function learnAll(engines: Engines): Promise<void> {
  const nothing = { options: {}, extra_args: [], environment: {}, aliases: [], unlisted: false, auto_start: false };
  await Promise.all(engines.names().map(async (engine) => engines.find(engine)?.learn({ engine, ...nothing })));
}
