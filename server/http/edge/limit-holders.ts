import type { Caller } from '../../auth/caller.ts';
import type { LimitHolder } from '../../gateway/caller-limits.ts';

const NONE: readonly LimitHolder[] = [];

/**
 * Returns the holders of limits that a request to `/v1` counts to: its key and its account; without an account, its
 * address.
 *
 * @param account Id of account or address, as in `CallContext.account`.
 * @param addressLimits Limits of an address; `null`: none.
 * @returns empty for most requests, without any work
 */
export function limitHolders(
  caller: Pick<Caller, 'subject' | 'username' | 'accountLimits' | 'keyLimits'> | null,
  account: string,
  addressLimits: LimitHolder['limits'] | null,
): readonly LimitHolder[] {
  const username = caller?.username ?? null;
  if (caller === null || username === null) {
    return addressLimits === null ? NONE : [{ id: account, name: account.replace(':', ' '), limits: addressLimits }];
  }
  const { subject, accountLimits, keyLimits } = caller;
  if (accountLimits === null && keyLimits === null) return NONE;
  const holders: LimitHolder[] = [];
  if (keyLimits !== null) holders.push({ id: subject, name: subject.replace(':', ' '), limits: keyLimits });
  if (accountLimits !== null) holders.push({ id: account, name: `account ${username}`, limits: accountLimits });
  return holders;
}
