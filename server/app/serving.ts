import type { Config } from '@llamactl/contract/config';
import type { Logger } from 'pino';
import { changedLimits, limitsInForce, NO_LIMITS } from '../auth/limits.ts';
import type { Alerts } from '../events/alerts.ts';
import { ERROR_SHAPES } from '../gateway/dialects.ts';
import { isFirstPasswordInFile } from '../auth/first-admin.ts';
import { BrowserCookie } from '../http/edge/browser-cookie.ts';
import { apiBodyBudget } from '../http/bodies/metered-body.ts';
import type { Readiness } from '../http/edge/admission.ts';
import { seenBy } from '../http/edge/gate.ts';
import type { RequestsView } from '../http/routes/requests.routes.ts';
import type { ConfigEditor } from '../http/routes/config.routes.ts';
import type { EventHistoryView } from '../http/routes/events.routes.ts';
import { gatewayRoutes } from '../http/routes/gateway.routes.ts';
import type { HubView } from '../http/routes/hub.routes.ts';
import type { DoctorView, ServerLogView } from '../http/routes/diagnosis.routes.ts';
import { webSocketRoutes } from '../http/routes/websocket.routes.ts';
import { createHttpServer, type HttpServer } from '../http/server.ts';
import { pageFiles } from '../http/web-page/page-files.ts';
import type { Instances } from '../instances/instances.ts';
import type { Engines } from '../instances/ports/engine-adapter.ts';
import type { Clock } from '../instances/ports/time.ts';
import type { Trace } from '../instances/ports/trace.ts';
import type { DownloadJobs } from '../models/downloads/downloads.ts';
import type { Models } from '../models/library.ts';
import type { MemoryEstimator } from '../models/memory-estimator.ts';
import { mostConnections } from '../open-files.ts';
import { Turnstile } from '../reload/hand-over-turnstile.ts';
import { measureSendQueues } from '../send-queues.ts';
import type { SlicedWork } from '../sliced-work.ts';
import type { AlertsWiring } from './alerts-wiring.ts';
import type { Callers } from './callers.ts';
import type { Observation, ObservationParts } from './observation.ts';
import type { Teardown } from './teardown.ts';

const BYTES_IN_MEGABYTE = 1024 * 1024;

export interface ServingParts {
  config: Pick<Config, 'auth' | 'data_dir' | 'gateway' | 'instances' | 'server'>;
  configEditor: ConfigEditor;
  reload: (requestedBy: string) => boolean;
  log: Logger;
  clock: Clock;
  work: SlicedWork;
  program: ObservationParts['program'];
  engines: Engines;
  models: Models;
  hub: HubView;
  estimator: MemoryEstimator;
  downloads: DownloadJobs;
  instances: Pick<Instances, 'manager' | 'fleet'>;
  alerts: Pick<Alerts, 'list'>;
  testAlerts: AlertsWiring['test'];
  history: EventHistoryView;
  ownLog: ServerLogView;
  doctor: DoctorView;
  trace: Trace;
  observation: Observation;
  /** Those of this server and its predecessor. */
  requests: RequestsView;
  callers: Callers;
  /** Identifier of the data directory. */
  dataDirId: string;
  teardown: Teardown;
}

/** The HTTP server and the means to stop it. */
export interface Serving {
  http: HttpServer;
  turnstile: Turnstile;
  /** Aborts requests that wait for an outcome. */
  shutdown: AbortController;
  /** Aborted when the successor serves. */
  leaving: AbortController;
  /** Sets the answer to readiness probes. */
  become(readiness: Readiness): void;
}

/** Creates the HTTP server with all its routes. It does not listen yet. */
export function createServing(parts: ServingParts): Serving {
  const { config, configEditor, log, clock, work, alerts, trace, teardown } = parts;
  const { version, hostname } = parts.program;
  const { auth, audit, limits, clientAddress } = parts.callers;
  const { manager, fleet } = parts.instances;
  const { feed, requests, stats, machine, system, figures, usage } = parts.observation;
  let readiness: Readiness = 'starting';
  const shutdown = new AbortController();
  const leaving = new AbortController();
  const turnstile = new Turnstile();
  const http = createHttpServer({
    manager,
    auth,
    audit,
    limits,
    clientAddress,
    fleet,
    engines: parts.engines,
    models: parts.models,
    hub: parts.hub,
    estimator: parts.estimator,
    downloads: parts.downloads,
    configEditor,
    reload: parts.reload,
    metrics: { system, stats, machine },
    figures,
    usage,
    requests: parts.requests,
    alerts: () => alerts.list(),
    testAlerts: parts.testAlerts,
    history: parts.history,
    ownLog: parts.ownLog,
    doctor: parts.doctor,
    config,
    log,
    clock,
    work,
    bodyBudget: apiBodyBudget(clock),
    version,
    hostname,
    cookie: new BrowserCookie(parts.dataDirId),
    isFirstPasswordInFile: () => isFirstPasswordInFile(config.data_dir),
    page: pageFiles(),
    readiness: () => readiness,
    plugins: [
      gatewayRoutes({
        instancesFor: (caller) => seenBy(caller, manager),
        clock,
        work,
        models: parts.models,
        requests,
        clientAddress,
        addressLimits: limitsInForce(changedLimits(NO_LIMITS, config.gateway)),
        engines: parts.engines,
        settings: {
          loadingKeepaliveSeconds: config.gateway.loading_keepalive,
          aliasesInModels: config.gateway.aliases_in_models,
        },
        measureSendQueues,
        bodyMemory: config.gateway.body_memory_mb * BYTES_IN_MEGABYTE,
        leaving: leaving.signal,
        trace,
      }),
      webSocketRoutes({
        ...auth,
        events: feed,
        limits,
        addressOf: clientAddress,
        logsFor: (caller) => seenBy(caller, manager),
        isAuthEnabled: config.auth.enabled,
        clock,
        onFault: (error) => log.error({ err: error }, 'A log could not be followed over a WebSocket'),
        leaving: leaving.signal,
      }),
    ],
    errorShapes: ERROR_SHAPES,
    shutdownSignal: shutdown.signal,
    maxConnections: mostConnections(),
    timeouts: { close: config.instances.stop_timeout * 1_000 },
    turnstile,
  });
  teardown.addLasting(() => http.close());
  return {
    http,
    turnstile,
    shutdown,
    leaving,
    become: (next) => {
      readiness = next;
    },
  };
}
