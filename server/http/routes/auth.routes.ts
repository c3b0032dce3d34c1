import type { Me, SessionsEnded } from '@llamactl/contract/auth';
import type { Config } from '@llamactl/contract/config';
import { OPERATIONS } from '@llamactl/contract/operations';
import type { Accounts } from '../../auth/accounts.ts';
import type { Keys } from '../../auth/api-keys.ts';
import type { Caller } from '../../auth/caller.ts';
import type { SessionClient } from '../../auth/session-register.ts';
import type { Sessions } from '../../auth/sessions.ts';
import type { InstanceManager } from '../../instances/use-cases.ts';
import { jsonAnswer } from '../answer.ts';
import type { BrowserCookie } from '../edge/browser-cookie.ts';
import type { Bind, Input } from '../operations.ts';
import { revokingKeys } from './key-rows.ts';

/** Dependencies of these routes. */
export interface Login {
  sessions: Pick<
    Sessions,
    | 'login'
    | 'loginBrowser'
    | 'createBrowserToken'
    | 'refresh'
    | 'logout'
    | 'list'
    | 'end'
    | 'endAll'
    | 'listOf'
    | 'endOf'
    | 'endAllOf'
    | 'changePassword'
  >;
  accounts: Pick<Accounts, 'named'>;
  keys: Pick<Keys, 'list'>;
}

/** This server, as a caller gets to know it. */
export interface OwnFacts {
  config: Pick<Config, 'auth'>;
  version: string;
  cookie: BrowserCookie;
  /** Whether the file with the generated password of the first account exists. Never rejects. */
  isFirstPasswordInFile: () => Promise<boolean>;
}

/** The section "Authentication" of the API reference. */
export function authRoutes(
  bind: Bind,
  { sessions, accounts, keys }: Login,
  { config, version, cookie, isFirstPasswordInFile }: OwnFacts,
): void {
  bind(OPERATIONS.getMe, async ({ caller, manager }) => ({
    auth_enabled: config.auth.enabled,
    caller: caller && shownCaller(caller, manager),
    version: caller && version,
    first_password_in_file: config.auth.enabled && (await isFirstPasswordInFile()),
  }));

  bind(OPERATIONS.login, async (input) => {
    const { body } = input;
    // Record only the name of an existing account: people type their password into the wrong field.
    input.concerns(accounts.named(body.username)?.username ?? null);
    return sessions.login(body, clientOf(input));
  });

  bind(OPERATIONS.loginBrowser, async (input) => {
    const { body, headers } = input;
    input.concerns(accounts.named(body.username)?.username ?? null);
    const before = cookie.read(headers);
    const { cookie: value, lifetime, loggedIn } = await sessions.loginBrowser(body, clientOf(input), before);
    return jsonAnswer(loggedIn, { headers: { 'set-cookie': cookie.set(value, lifetime, headers.origin) } });
  });

  bind(OPERATIONS.createBrowserToken, async (input) => sessions.createBrowserToken(input.caller, clientOf(input)));

  bind(OPERATIONS.logoutBrowser, async ({ caller, headers }) => {
    await sessions.logout(caller);
    return jsonAnswer(
      { message: 'Logged out successfully' },
      { headers: { 'set-cookie': cookie.removed(headers.origin) } },
    );
  });

  bind(OPERATIONS.refreshToken, async (input) => sessions.refresh(input.caller, clientOf(input)));

  bind(OPERATIONS.logout, async ({ caller }) => {
    await sessions.logout(caller);
    return { message: 'Logged out successfully' };
  });

  bind(OPERATIONS.listSessions, ({ caller }) => ({ sessions: sessions.list(caller) }));

  bind(OPERATIONS.endSession, async ({ caller, params }) => {
    await sessions.end(caller, params.session_id);
    return { message: 'Session ended successfully' };
  });

  bind(OPERATIONS.endAllSessions, async ({ caller, query }) =>
    endedSessions(await sessions.endAll(caller, { others: query.others ?? false })),
  );

  bind(OPERATIONS.listUserSessions, ({ caller, params }) => ({ sessions: sessions.listOf(caller, params.username) }));

  bind(OPERATIONS.endUserSession, async ({ params }) => {
    await sessions.endOf(params.username, params.session_id);
    return { message: 'Session ended successfully' };
  });

  bind(OPERATIONS.endUserSessions, async ({ params }) => endedSessions(await sessions.endAllOf(params.username)));

  bind(OPERATIONS.changePassword, async ({ caller, body, address, changed }) => {
    await revokingKeys({ keys, caller, changed }, caller.username ?? '', () =>
      sessions.changePassword(caller, body, address),
    );
    return { message: 'Password changed successfully; log in again, and make new keys' };
  });
}

function endedSessions(ended: number): SessionsEnded {
  return { message: 'Sessions ended successfully', ended };
}

function shownCaller(caller: Caller, manager: Pick<InstanceManager, 'nameOf'>): Me['caller'] {
  const { kind, username, role, scopes, instances, mayStart, expiresAt } = caller;
  return {
    kind,
    username,
    role,
    scopes: [...scopes],
    instances: instances && [...instances].map((id) => manager.nameOf(id)).filter((name) => name !== null),
    may_start: mayStart,
    expires_at: expiresAt === null ? null : new Date(expiresAt).toISOString(),
  };
}

/** Characters. The text is stored and shown on terminals. */
const LONGEST_USER_AGENT = 200;

function clientOf({ address, headers }: Pick<Input<typeof OPERATIONS.login>, 'address' | 'headers'>): SessionClient {
  return { address, userAgent: userAgentOf(headers) };
}

function userAgentOf(headers: Input<typeof OPERATIONS.login>['headers']): string | null {
  const text = headers['user-agent']?.slice(0, LONGEST_USER_AGENT).replaceAll(/[^ -~]/g, '?') ?? '';
  return text === '' ? null : text;
}
