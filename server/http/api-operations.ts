import type { Config } from '@llamactl/contract/config';
import type { Accounts } from '../auth/accounts.ts';
import type { Keys } from '../auth/api-keys.ts';
import type { AuditTrail } from '../auth/audit.ts';
import type { Tickets } from '../auth/tickets.ts';
import type { Clock } from '../instances/ports/time.ts';
import type { Engines } from '../instances/ports/engine-adapter.ts';
import type { FleetManager, InstanceManager } from '../instances/use-cases.ts';
import type { Figures } from '../metrics/prometheus-figures.ts';
import type { DownloadJobs } from '../models/downloads/downloads.ts';
import type { Models } from '../models/library.ts';
import type { MemoryEstimator } from '../models/memory-estimator.ts';
import type { SlicedWork } from '../sliced-work.ts';
import type { BrowserCookie } from './edge/browser-cookie.ts';
import { seenBy } from './edge/gate.ts';
import { Operations } from './operations.ts';
import { auditRoutes } from './routes/audit.routes.ts';
import { authRoutes, type Login } from './routes/auth.routes.ts';
import { batchRoutes } from './routes/batch.routes.ts';
import { configRoutes, type ConfigEditor } from './routes/config.routes.ts';
import { estimateRoutes } from './routes/estimate.routes.ts';
import { diagnosisRoutes, type DoctorView, type ServerLogView } from './routes/diagnosis.routes.ts';
import { downloadRoutes } from './routes/downloads.routes.ts';
import { engineRoutes } from './routes/engines.routes.ts';
import { eventRoutes, type EventHistoryView } from './routes/events.routes.ts';
import { fleetRoutes } from './routes/fleet.routes.ts';
import { hubRoutes, type HubView } from './routes/hub.routes.ts';
import { instanceRoutes } from './routes/instances.routes.ts';
import { type KeyNameListener, keyRoutes } from './routes/keys.routes.ts';
import { lifecycleRoutes } from './routes/lifecycle.routes.ts';
import { logRoutes } from './routes/logs.routes.ts';
import { metricsRoutes, type Metrics } from './routes/metrics.routes.ts';
import { modelRoutes } from './routes/models.routes.ts';
import { prometheusRoutes } from './routes/prometheus.routes.ts';
import { requestRoutes, type RequestsView } from './routes/requests.routes.ts';
import { systemRoutes, type SystemVoice } from './routes/system.routes.ts';
import { ticketRoutes } from './routes/ticket.routes.ts';
import { usageRoutes, type UsageRouteParts } from './routes/usage.routes.ts';
import { userRoutes } from './routes/users.routes.ts';
import { whyRoutes } from './routes/why.routes.ts';

/** Accounts and credentials, as far as operations need them. */
export interface ApiAccounts extends Login {
  accounts: Pick<Accounts, 'named' | 'find' | 'list' | 'create' | 'update' | 'remove'>;
  keys: Pick<Keys, 'list' | 'create' | 'update' | 'names' | 'remove'>;
  tickets: Pick<Tickets, 'issue'>;
}

/** Dependencies of the operations. */
export interface ApiParts extends SystemVoice {
  manager: InstanceManager;
  auth: ApiAccounts;
  audit: Pick<AuditTrail, 'read'>;
  fleet: FleetManager;
  engines: Engines;
  models: Models;
  /** Models of other machines. */
  hub: HubView;
  estimator: Pick<MemoryEstimator, 'estimate' | 'files' | 'withOptions'>;
  downloads: DownloadJobs;
  configEditor: ConfigEditor;
  metrics: Metrics;
  /** Metrics for Prometheus. */
  figures: Figures;
  /** Requests to engines. */
  requests: RequestsView;
  /** Requests of the last days, by account, key and instance. */
  usage: UsageRouteParts['ledger'] & KeyNameListener;
  /** Kept events. */
  history: EventHistoryView;
  ownLog: ServerLogView;
  doctor: DoctorView;
  config: Pick<Config, 'server' | 'auth'>;
  /** The cookie of browsers that are logged in. */
  cookie: BrowserCookie;
  /** Whether the file with the generated password of the first account exists. Never rejects. */
  isFirstPasswordInFile: () => Promise<boolean>;
  clock: Pick<Clock, 'after' | 'now'>;
  /** Validates calls. */
  work: SlicedWork;
}

/** All operations of the API with their handlers. */
export function apiOperations(parts: ApiParts): Operations {
  const { manager, auth, clock, work } = parts;
  const operations = new Operations({ managerFor: (caller) => seenBy(caller, manager), work });
  const { bind } = operations;
  instanceRoutes(bind, parts.config.server.base_path, parts);
  lifecycleRoutes(bind);
  whyRoutes(bind, parts);
  batchRoutes(bind);
  logRoutes(bind, clock);
  fleetRoutes(bind, parts.fleet, work);
  engineRoutes(bind, parts.engines);
  modelRoutes(bind, parts.models, manager, parts.downloads, work);
  hubRoutes(bind, parts.hub);
  estimateRoutes(bind, parts);
  downloadRoutes(bind, parts.downloads);
  metricsRoutes(bind, parts.metrics);
  prometheusRoutes(bind, parts.figures);
  requestRoutes(bind, parts.requests);
  usageRoutes(bind, { ledger: parts.usage, accounts: auth.accounts, keys: auth.keys });
  configRoutes(bind, parts.configEditor);
  authRoutes(bind, auth, parts);
  userRoutes(bind, auth.accounts, auth.keys);
  keyRoutes(bind, auth.keys, parts.usage);
  auditRoutes(bind, parts.audit);
  ticketRoutes(bind, auth.tickets);
  eventRoutes(bind, parts.history);
  diagnosisRoutes(bind, parts);
  systemRoutes(bind, parts);
  return operations;
}
