import { ConfigSchema, type ConfigPatch, type ConfigView, type ConfigWritten } from '@llamactl/contract/config';
import type { Applied, Fleet, FleetStep } from '@llamactl/contract/fleet';
import type { StatsHistory } from '@llamactl/contract/stats';
import type { SystemInfo, SystemStatus } from '@llamactl/contract/system';
import { ApiError } from '@llamactl/contract/errors';
import type { AuditChange, AuditRow } from '@llamactl/contract/auth';
import { anonymousAdmin } from '../auth/caller.ts';
import type { AuditEntry } from '../auth/auth-ports.ts';
import type { DoctorView } from '../http/routes/diagnosis.routes.ts';
import type { EventHistoryView } from '../http/routes/events.routes.ts';
import type { HubView } from '../http/routes/hub.routes.ts';
import type { HttpAuthentication } from '../http/server.ts';
import type { ApplyOptions, FleetManager } from '../instances/use-cases.ts';
import type { DownloadJobs } from '../models/downloads/downloads.ts';
import type { Figures } from '../metrics/prometheus-figures.ts';
import type { StatsHistoryView, SystemHistoryView, SystemView } from '../metrics/metrics.ts';

/** Fakes of the services behind the HTTP server. */

/** A fleet that stores the document it gets, and records each apply. */
export class FakeFleet implements FleetManager {
  fleet: Fleet = { version: 1, instances: [] };
  readonly applied: { fleet: Fleet; options: ApplyOptions }[] = [];
  /** Results of every apply; `null`: each entry of the document is created. */
  steps: FleetStep[] | null = null;
  /** Old and new values that every apply reports, by instance. */
  changes: ReadonlyMap<string, readonly AuditChange[]> = new Map();

  export(names?: readonly string[]): Fleet {
    if (names === undefined) return this.fleet;
    return { ...this.fleet, instances: this.fleet.instances.filter(({ name }) => names.includes(name)) };
  }

  async apply(fleet: Fleet, options: ApplyOptions): Promise<Applied> {
    this.applied.push({ fleet, options });
    if (!options.dryRun) this.fleet = fleet;
    const results = this.steps ?? fleet.instances.map(({ name }) => ({ name, action: 'create' as const, changes: [] }));
    if (!options.dryRun) options.onApplied?.(results, this.changes);
    return { message: 'Applied', dry_run: options.dryRun, results };
  }
}

/** A history without events. */
export const NO_HISTORY: EventHistoryView = {
  events: async () => ({ events: [], more: false, oldest_seq: null }),
  alerts: async () => ({ alerts: [], more: false, oldest_seq: null }),
};

/** A doctor that finds nothing. */
export const HEALTHY: DoctorView = {
  examine: async () => ({ checked_at: '2026-03-01T12:00:00.000Z', duration: 0.5, findings: [] }),
};

/** A configuration editor that shows the defaults, records every change and applies none. */
export class FakeConfigEditor {
  readonly patches: ConfigPatch[] = [];
  /** Old and new values that every change reports. */
  changes: AuditChange[] = [];

  async view(): Promise<ConfigView> {
    return { config: ConfigSchema.parse({}), sources: {}, rules: {}, file: null, restart_required: false, pending: [] };
  }

  async update(patch: ConfigPatch, onWritten?: (changes: AuditChange[]) => void): Promise<ConfigWritten> {
    this.patches.push(patch);
    onWritten?.(this.changes);
    return { message: 'Updated', restart_required: false, changed: [], config: ConfigSchema.parse({}) };
  }
}

/** No downloads, and none can be made. */
export const NO_DOWNLOADS: DownloadJobs = {
  list: () => [],
  get: noDownload,
  create: async () => noDownload(),
  pause: async () => noDownload(),
  resume: async () => noDownload(),
  remove: async () => noDownload(),
  checkFiles: async () => [],
  deleteModel: async () => noDownload(),
};

function noDownload(): never {
  throw new ApiError('NOT_FOUND', 'No download has this id.');
}

/** The status that {@link FAKE_METRICS} returns. */
export const FAKE_STATUS: SystemStatus = {
  version: '0.1.0',
  uptime: 5,
  instances: { total: 1, stopped: 1, starting: 0, running: 0, stopping: 0, restarting: 0, failed: 0 },
  resources: {
    cpu_usage: 1.5,
    memory_usage: 1,
    memory_total: 2,
    disk_usage: 75.5,
    disk_total: 8,
    disk_free: 2,
    gpus: [],
  },
  groups: [],
};
/** The machine information that {@link FAKE_METRICS} returns. */
export const FAKE_INFO: SystemInfo = {
  hostname: 'box',
  os: 'linux',
  arch: 'amd64',
  cpu_count: 2,
  cpu_model: 'Example CPU',
  memory_total: 2,
  version: '0.1.0',
  build_time: '2026-03-01T12:00:00Z',
  commit: null,
  folders: [{ kind: 'data', path: '/data', disk_total: 8, disk_free: 2, filesystem: 1 }],
};

/** Metrics of an idle machine. */
export const FAKE_METRICS: { system: SystemView; stats: StatsHistoryView; machine: SystemHistoryView } = {
  system: {
    status: async () => FAKE_STATUS,
    resources: async () => FAKE_STATUS.resources,
    info: async () => FAKE_INFO,
  },
  stats: {
    history: (name, window): StatsHistory => ({ name, window, interval: 2, points: [] }),
    series: async (_names, window, points) => ({
      window,
      seconds: window / points,
      until: '2026-03-01T12:00:00.000Z',
      instances: [],
    }),
  },
  machine: { history: (window) => ({ window, interval: 2, points: [] }) },
};

/** Figures that contain only the names of the instances that they cover. */
export const FAKE_FIGURES: Figures = {
  text: async (instances) => Buffer.from(`instances ${instances.map(({ name }) => name).join(' ')}\n`),
};

/** A machine with 16 GB that reaches no hub. */
export const OFFLINE_HUB: HubView = {
  remote: {
    endpoint: 'https://hub.example',
    search: async () => {
      throw new ApiError('HUB_ERROR', 'The hub cannot be reached.');
    },
    quants: async () => {
      throw new ApiError('HUB_ERROR', 'The hub cannot be reached.');
    },
  },
  memory: async () => ({ kind: 'ram', name: 'memory', total: 16e9 }),
  rootFor: () => '/cache',
};

/** Authentication that is off: every caller is an admin, and no accounts exist. */
export function openDoor(): HttpAuthentication {
  const caller = anonymousAdmin();
  const offAtOnce = (): never => {
    throw new ApiError('AUTH_DISABLED', 'Authentication is off.');
  };
  const off = async (): Promise<never> => offAtOnce();
  return {
    authenticator: {
      authenticate: () => caller,
      authenticateInference: () => caller,
      authenticateCookie: async () => caller,
    },
    sessions: {
      login: off,
      loginBrowser: off,
      createBrowserToken: off,
      refresh: off,
      logout: off,
      list: offAtOnce,
      listOf: offAtOnce,
      end: off,
      endAll: off,
      endOf: off,
      endAllOf: off,
      changePassword: off,
    },
    accounts: { named: () => undefined, find: () => undefined, list: () => [], create: off, update: off, remove: off },
    keys: { list: () => [], names: () => new Map(), create: off, update: off, remove: off },
    tickets: { issue: () => ({ ticket: 'ticket', expires_at: '2026-03-01T12:00:30Z' }) },
  };
}

/** An audit trail that exposes the recorded entries; `read` returns none. */
export class FakeAudit {
  readonly entries: Omit<AuditEntry, 'timestamp'>[] = [];

  record(entry: Omit<AuditEntry, 'timestamp'>): void {
    this.entries.push(entry);
  }

  async read(): Promise<AuditRow[]> {
    return [];
  }
}
