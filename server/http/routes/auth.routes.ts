import { OPERATIONS } from '@llamactl/contract/operations';
import type { Accounts } from '../../auth/accounts.ts';
import type { SessionClient } from '../../auth/session-register.ts';
import type { Sessions } from '../../auth/sessions.ts';
import type { Bind } from '../bind.ts';
import type { HttpRequest } from '../plugin.ts';

/** Dependencies of these routes. */
export interface Login {
  sessions: Pick<Sessions, 'login' | 'refresh' | 'logout' | 'list' | 'end' | 'changePassword'>;
  accounts: Pick<Accounts, 'named'>;
}

/** The seed's section "Authentication". @param addressOf Returns the client address of a request. */
export function authRoutes(
  bind: Bind,
  { sessions, accounts }: Login,
  addressOf: (raw: HttpRequest['raw']) => string,
): void {
  const clientOf = ({ raw }: HttpRequest): SessionClient => ({
    address: addressOf(raw),
    userAgent: userAgentOf(raw),
  });

  bind(OPERATIONS.login, async ({ body, request }) => {
    // Record only the name of an existing account: people type their password into the wrong field.
    request.concerns = accounts.named(body.username)?.username ?? null;
    return sessions.login(body, clientOf(request));
  });

  bind(OPERATIONS.refreshToken, async ({ caller, request }) => sessions.refresh(caller, clientOf(request)));

  bind(OPERATIONS.logout, async ({ caller }) => {
    await sessions.logout(caller);
    return { message: 'Logged out successfully' };
  });

  bind(OPERATIONS.listSessions, ({ caller }) => ({ sessions: sessions.list(caller) }));

  bind(OPERATIONS.endSession, async ({ caller, params }) => {
    await sessions.end(caller, params.session_id);
    return { message: 'Session ended successfully' };
  });

  bind(OPERATIONS.changePassword, async ({ caller, body, request }) => {
    await sessions.changePassword(caller, body, addressOf(request.raw));
    return { message: 'Password changed successfully; log in again, and make new keys' };
  });
}

/** Characters. The text is stored and shown on terminals. */
const LONGEST_USER_AGENT = 200;

function userAgentOf({ headers }: HttpRequest['raw']): string | null {
  const text = headers['user-agent']?.slice(0, LONGEST_USER_AGENT).replaceAll(/[^ -~]/g, '?') ?? '';
  return text === '' ? null : text;
}
