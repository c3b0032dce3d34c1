import { Client, ConnectionError, LlamactlError } from '@llamactl/client';
import type { Context } from '../server/contexts.ts';
import { assertFollowed } from '../server/followed-server.ts';
import { moment } from '../../format/moment.ts';
import { tokenLife } from './token-life.ts';

/** The outcome of a revocation. */
interface Revocation {
  isRevoked: boolean;
  isUnreachable: boolean;
  /** A warning for the user; `null`: none. */
  warning: string | null;
}

/** Ends a log-in at its server. A token that is already invalid counts as revoked. */
export async function revoke(
  { url, data_dir: followed }: Context,
  token: string,
  signal: AbortSignal,
): Promise<Revocation> {
  const life = tokenLife(token);
  if (life === null) {
    return {
      isRevoked: false,
      isUnreachable: false,
      warning: 'that was a key, which stays valid; to revoke it: llamactl keys rm',
    };
  }
  try {
    assertFollowed({ url, dataDirectory: followed ?? null });
    await new Client({ url, token, retries: 0 }).logout({ signal });
  } catch (error) {
    if (error instanceof ConnectionError) {
      const warning = `${url} could not be reached, so the token stays valid until ${moment(life.until)}`;
      return { isRevoked: false, isUnreachable: true, warning };
    }
    // Without accounts no token is valid.
    const isDead = error instanceof LlamactlError && (error.status === 401 || error.code === 'AUTH_DISABLED');
    if (!isDead) throw error;
  }
  return { isRevoked: true, isUnreachable: false, warning: null };
}
