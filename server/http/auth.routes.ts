import { OPERATIONS } from '@llamactl/contract/operations';
import type { Accounts } from '../auth/accounts.ts';
import type { Sessions } from '../auth/sessions.ts';
import type { Bind } from './bind.ts';
import type { HttpRequest } from './plugin.ts';

/** What the routes of this section call. */
export interface Login {
  sessions: Pick<Sessions, 'login' | 'refresh' | 'logout' | 'changePassword'>;
  accounts: Pick<Accounts, 'named'>;
}

/** The seed's section "Authentication". @param addressOf Where a request comes from. */
export function authRoutes(
  bind: Bind,
  { sessions, accounts }: Login,
  addressOf: (raw: HttpRequest['raw']) => string,
): void {
  bind(OPERATIONS.login, async ({ body, request }) => {
    // Only a name that is one: people type their password into the wrong field.
    request.concerns = accounts.named(body.username)?.username ?? null;
    return sessions.login(body, addressOf(request.raw));
  });

  bind(OPERATIONS.refreshToken, async ({ caller }) => sessions.refresh(caller));

  bind(OPERATIONS.logout, async ({ caller }) => {
    await sessions.logout(caller);
    return { message: 'Logged out successfully' };
  });

  bind(OPERATIONS.changePassword, async ({ caller, body, request }) => {
    await sessions.changePassword(caller, body, addressOf(request.raw));
    return { message: 'Password changed successfully; log in again, and make new keys' };
  });
}
