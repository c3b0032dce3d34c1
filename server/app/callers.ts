import type { Config } from '@llamactl/contract/config';
import { durationSeconds } from '@llamactl/contract/duration';
import { AuditTrail } from '../auth/audit.ts';
import { openAuthentication, type Authentication } from '../auth/authentication.ts';
import { ensureFirstAdmin, forgetFirstPassword, type FirstAdmin } from '../auth/first-admin.ts';
import { clientAddresses } from '../http/edge/client-address.ts';
import { RateLimits } from '../http/edge/rate-limit.ts';
import type { Instances } from '../instances/instances.ts';
import type { AlertSink } from '../instances/ports/alert-sink.ts';
import type { Randomness } from '../instances/ports/random-values.ts';
import type { Clock } from '../instances/ports/time.ts';
import type { Trace } from '../instances/ports/trace.ts';
import type { SqliteStore } from '../store/sqlite.ts';
import type { Teardown } from './teardown.ts';

export interface CallersParts {
  config: Pick<Config, 'auth' | 'data_dir' | 'rate_limit' | 'server'>;
  store: Pick<SqliteStore, 'accounts' | 'audit'>;
  clock: Clock;
  randomness: Randomness;
  alerts: AlertSink;
  trace: Trace;
  instances: Pick<Instances, 'manager'>;
  /** Password of the first account; `null`: one is generated. */
  password: string | null;
  onFault: (error: unknown, what: string) => void;
  teardown: Teardown;
}

type AuditedRequest = Parameters<AuditTrail['record']>[0];

/** The audit trail, which after a hand-over belongs to the successor. */
interface Audit extends Pick<AuditTrail, 'record' | 'read'> {
  /** From now on, passes all entries to this function instead of recording them here. */
  recordBy(record: (entry: AuditedRequest) => void): void;
}

/** Everything about callers: authentication, addresses, rate limits, and the audit trail. */
export interface Callers {
  auth: Authentication;
  /** The account that this start created; `null`: accounts existed, or authentication is off. */
  firstAdmin: FirstAdmin | null;
  audit: Audit;
  limits: RateLimits;
  clientAddress: ReturnType<typeof clientAddresses>;
}

export async function openCallers(parts: CallersParts): Promise<Callers> {
  const { config, store, clock, randomness, alerts, trace, instances, password, onFault, teardown } = parts;
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
  forgetFirstPassword(auth.accounts, config.data_dir, (error) => onFault(error, 'the file of the first password'));
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
    limits: new RateLimits({ clock, config: config.rate_limit, trace }),
    clientAddress: clientAddresses(config.server.trusted_proxies),
  };
}
