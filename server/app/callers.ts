import type { Config } from '@llamactl/contract/config';
import { durationSeconds } from '@llamactl/contract/duration';
import { AuditTrail } from '../auth/audit.ts';
import { openAuthentication, type Authentication } from '../auth/authentication.ts';
import { ensureFirstAdmin, type FirstAdmin } from '../auth/first-admin.ts';
import { clientAddresses } from '../http/edge/client-address.ts';
import { RateLimits } from '../http/edge/rate-limit.ts';
import type { Instances } from '../instances/instances.ts';
import type { AlertSink, Clock, Randomness } from '../instances/ports.ts';
import type { SqliteStore } from '../store/sqlite.ts';
import type { Teardown } from './teardown.ts';

export interface CallersParts {
  config: Pick<Config, 'auth' | 'data_dir' | 'rate_limit' | 'server'>;
  store: Pick<SqliteStore, 'accounts' | 'audit'>;
  clock: Clock;
  randomness: Randomness;
  alerts: AlertSink;
  instances: Pick<Instances, 'manager'>;
  /** Of the first account; `null`: it is made. */
  password: string | null;
  onFault: (error: unknown, what: string) => void;
  teardown: Teardown;
}

type AuditedRequest = Parameters<AuditTrail['record']>[0];

/** The trail of what callers did, here or, once that goes on with it, in another server. */
interface Audit extends Pick<AuditTrail, 'record' | 'read'> {
  /** What is done from now on is recorded there. */
  recordBy(record: (entry: AuditedRequest) => void): void;
}

/** Whoever calls: who they are, where from, how often they may, and what they did. */
export interface Callers {
  auth: Authentication;
  /** The account that this start made; `null`: there were accounts, or none are asked for. */
  firstAdmin: FirstAdmin | null;
  audit: Audit;
  limits: RateLimits;
  clientAddress: ReturnType<typeof clientAddresses>;
}

export async function openCallers(parts: CallersParts): Promise<Callers> {
  const { config, store, clock, randomness, alerts, instances, password, onFault, teardown } = parts;
  const auth = teardown.ending(
    await openAuthentication({
      store: store.accounts,
      clock,
      randomness,
      alerts,
      instances: instances.manager,
      isEnabled: config.auth.enabled,
      isInferenceOpen: config.auth.inference === 'open',
      tokenTtl: durationSeconds(config.auth.token_ttl),
      sessionTtl: durationSeconds(config.auth.session_ttl),
      onFault: (error) => onFault(error, 'accounts'),
    }),
  );
  const firstAdmin = config.auth.enabled
    ? await ensureFirstAdmin({ accounts: auth.accounts, randomness, password, dataDir: config.data_dir })
    : null;
  const trail = teardown.ending(
    new AuditTrail({ store: store.audit, clock, onFault: (error) => onFault(error, 'the audit trail') }),
  );
  let record = (entry: AuditedRequest): void => trail.record(entry);
  return {
    auth,
    firstAdmin,
    audit: {
      record: (entry) => record(entry),
      read: (query) => trail.read(query),
      recordBy: (recordThere) => {
        record = recordThere;
      },
    },
    limits: new RateLimits({ clock, config: config.rate_limit }),
    clientAddress: clientAddresses(config.server.trusted_proxies),
  };
}
