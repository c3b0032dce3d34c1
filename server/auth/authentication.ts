import { Accounts } from './accounts.ts';
import { Authenticator } from './authenticator.ts';
import { Background } from './background.ts';
import { ChangeQueue } from './change-queue.ts';
import { type Dead, type DeadListener, endOfAccount, endOfKey } from './dead.ts';
import { Keys } from './api-keys.ts';
import { LockoutAlert } from './lockout-alert.ts';
import { Passwords, type Derive } from './passwords.ts';
import type { AccountStore, AlertSink, Clock, InstanceNames, Randomness } from './auth-ports.ts';
import { Revocations } from './revocations.ts';
import { SessionRegister } from './session-register.ts';
import { Sessions } from './sessions.ts';
import { SigningKeys } from './signing-keys.ts';
import { LoginThrottle } from './throttle.ts';
import { Tickets } from './tickets.ts';
import { Tokens } from './tokens.ts';

export interface AuthenticationParts {
  store: AccountStore;
  clock: Clock;
  randomness: Pick<Randomness, 'token'>;
  alerts: AlertSink;
  instances: InstanceNames;
  /** `auth.enabled` */
  isEnabled: boolean;
  /** `auth.inference` is `open`. */
  isInferenceOpen: boolean;
  /** `auth.token_ttl` in seconds; fractions are rounded up. */
  tokenTtl: number;
  /** `auth.session_ttl` in seconds; fractions are rounded up. */
  sessionTtl: number;
  /** Gets errors of background work; must not throw. */
  onFault: (error: unknown) => void;
  /** Computes a password's hash. Default: argon2id. */
  derive?: Derive;
}

/** Everything about accounts, keys and tokens. */
export interface Authentication {
  authenticator: Authenticator;
  sessions: Sessions;
  accounts: Accounts;
  keys: Keys;
  tickets: Tickets;
  /**
   * Calls `listener` for every credential that is revoked before it expires, including those that {@link end} reports.
   */
  watchDead(listener: DeadListener): void;
  /** Ends credentials that another server has revoked: closes their connections and streams in this process. */
  end(dead: { kind: string; whose: string }): void;
  /** Resolves when all pending writes are on the disk. */
  close(): Promise<void>;
}

/**
 * Loads accounts, keys and tokens from the store, and creates a signing key if needed. Accounts and keys can also be
 * prepared while authentication is off.
 */
export async function openAuthentication(parts: AuthenticationParts): Promise<Authentication> {
  const { store, clock, randomness, alerts, isEnabled, isInferenceOpen, derive } = parts;
  const stored = await store.load();
  const tokenLifetime = Math.ceil(parts.tokenTtl) * 1_000;
  const signingKeys = await SigningKeys.open({ ...parts, stored: stored.signingKeys, tokenLifetime });

  const background = new Background(parts.onFault);
  const changes = new ChangeQueue();
  const listeners = new Set<DeadListener>();
  const onDead = (dead: Dead): void => {
    for (const listener of listeners) listener(dead);
  };
  const passwords = new Passwords({ randomness, ...(derive && { derive }) });
  const accounts = new Accounts({ store, clock, randomness, passwords, changes, stored: stored.users });
  const keys = new Keys({ ...parts, accounts, changes, background, onDead, stored: stored.keys });
  const revocations = new Revocations({ store, clock, background, stored: stored.revoked });
  const lifetimes = { lifetime: tokenLifetime, sessionLifetime: Math.ceil(parts.sessionTtl) * 1_000 };
  const tokens = new Tokens({ keys: signingKeys, revocations, clock, randomness, ...lifetimes, onDead });
  const register = new SessionRegister({
    store,
    clock,
    background,
    accounts,
    signingKeys,
    revocations,
    stored: stored.sessions,
  });
  accounts.watch({
    onChanged: (userId, isRevoked) => {
      tokens.endAll(userId, endOfAccount(accounts.find(userId)));
      if (isRevoked) register.forgetAll(userId);
      // A page shows what the role at its log-in may see, so it has to begin again.
      else {
        for (const { id, expiresAt } of register.forgetBrowsers(userId)) {
          background.run(() => tokens.endSession({ id, expiresAt: Date.parse(expiresAt) }));
        }
      }
      onDead({ kind: 'account', whose: userId });
    },
  });
  const lockouts = new LockoutAlert(clock, alerts);
  const throttle = new LoginThrottle(clock);

  return {
    authenticator: new Authenticator({ isEnabled, isInferenceOpen, accounts, tokens, keys, register }),
    sessions: new Sessions({ isEnabled, accounts, passwords, tokens, register, throttle, lockouts, background }),
    accounts,
    keys,
    tickets: new Tickets({ clock, randomness }),
    watchDead: (listener) => void listeners.add(listener),
    end: ({ kind, whose }) => {
      if (kind !== 'account' && kind !== 'session' && kind !== 'key') return;
      if (kind === 'session') tokens.cutSession(whose);
      else {
        // Another process changed the account, so this one does not know how.
        const reason = kind === 'key' ? endOfKey() : endOfAccount(accounts.find(whose));
        keys.end(({ id, ownerId }) => whose === (kind === 'key' ? id : ownerId), reason);
        if (kind === 'account') tokens.endAll(whose, reason);
      }
      onDead({ kind, whose });
    },
    close: async () => {
      revocations.close();
      lockouts.close();
      keys.close();
      await background.settled();
    },
  };
}
