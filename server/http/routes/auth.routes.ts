import { OPERATIONS } from '@llamactl/contract/operations';
import type { Accounts } from '../../auth/accounts.ts';
import type { SessionClient } from '../../auth/session-register.ts';
import type { Sessions } from '../../auth/sessions.ts';
import type { Bind, Input } from '../operations.ts';

/** Dependencies of these routes. */
export interface Login {
  sessions: Pick<Sessions, 'login' | 'refresh' | 'logout' | 'list' | 'end' | 'changePassword'>;
  accounts: Pick<Accounts, 'named'>;
}

/** The section "Authentication" of the API reference. */
export function authRoutes(bind: Bind, { sessions, accounts }: Login): void {
  bind(OPERATIONS.login, async (input) => {
    const { body } = input;
    // Record only the name of an existing account: people type their password into the wrong field.
    input.concerns(accounts.named(body.username)?.username ?? null);
    return sessions.login(body, clientOf(input));
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

  bind(OPERATIONS.changePassword, async ({ caller, body, address }) => {
    await sessions.changePassword(caller, body, address);
    return { message: 'Password changed successfully; log in again, and make new keys' };
  });
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
