import { Client } from '@llamactl/client';
import type { LogIn } from './log-in.ts';
import type { ValueStore } from './value-store.ts';

const TOO_MANY = 429;
const UNAUTHORIZED = 401;
/** Seconds to wait if the server does not say. */
const DEFAULT_WAIT = 5;

/**
 * Makes the client of this tab. Its requests carry the short token of the log-in; a refused token is fetched again.
 *
 * @param busyUntil Set while the server refuses requests because of their number.
 */
export function apiClient(address: string, logIn: LogIn, busyUntil: ValueStore<number | null>): Client {
  return new Client({
    url: address,
    token: logIn.token,
    fetch: async (input, init) => {
      const response = await fetch(input, init);
      if (response.status === UNAUTHORIZED) logIn.refused(tokenOf(init));
      if (response.status === TOO_MANY) busyUntil.set(Date.now() + waitOf(response) * 1_000);
      return response;
    },
  });
}

function tokenOf(init: RequestInit | undefined): string | null {
  return new Headers(init?.headers).get('authorization')?.replace(/^Bearer /, '') ?? null;
}

function waitOf(response: Response): number {
  const seconds = Number(response.headers.get('retry-after') ?? DEFAULT_WAIT);
  return Number.isFinite(seconds) ? seconds : DEFAULT_WAIT;
}
