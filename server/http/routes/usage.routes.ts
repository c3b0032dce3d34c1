import { OPERATIONS } from '@llamactl/contract/operations';
import { LONGEST_USAGE_SECONDS, type UsageGroup, type UsageRow } from '@llamactl/contract/usage';
import type { Accounts } from '../../auth/accounts.ts';
import type { Keys } from '../../auth/api-keys.ts';
import type { Caller } from '../../auth/caller.ts';
import { mayCall } from '../../auth/permissions.ts';
import type { InstanceManager } from '../../instances/use-cases.ts';
import type { UsageLedger, UsageSum } from '../../metrics/usage-ledger.ts';
import type { UsageParties } from '../../metrics/usage-level.ts';
import type { Bind } from '../operations.ts';

/** The sums of a ledger, which may have to be read first. */
export interface UsageSums {
  sums(
    ...query: Parameters<UsageLedger['sums']>
  ): ReturnType<UsageLedger['sums']> | Promise<ReturnType<UsageLedger['sums']>>;
}

/** Dependencies of the route. */
export interface UsageRouteParts {
  ledger: UsageSums;
  accounts: Pick<Accounts, 'find'>;
  keys: Pick<Keys, 'names'>;
}

type NameOf = (id: string) => string | null;

/** The requests of the last days by key, account or instance: an account's own; for admins, all. */
export function usageRoutes(bind: Bind, { ledger, accounts, keys }: UsageRouteParts): void {
  bind(OPERATIONS.getUsage, async ({ caller, query, manager }) => {
    const by = query.by ?? 'key';
    const window = query.window ?? LONGEST_USAGE_SECONDS;
    const { since, until, sums } = await ledger.sums(by, window, isOf(caller));
    const nameOfAccount: NameOf = (id) => accounts.find(id)?.username ?? null;
    const nameOf = existing(by, { nameOfAccount, keys, manager });
    return {
      by,
      window,
      since: new Date(since).toISOString(),
      until: new Date(until).toISOString(),
      usage: sums.map((sum) => rowOf(sum, nameOf, nameOfAccount)),
    };
  });
}

/** An admin sees all requests, an account its own, a key those that were made with it. */
function isOf(caller: Caller): (parties: UsageParties) => boolean {
  if (mayCall(caller, 'admin')) return () => true;
  if (caller.kind === 'key') return ({ key }) => key === caller.credentialId;
  return ({ account }) => account === caller.userId;
}

/** Returns the name of an existing key, account or instance; `null`: it was deleted. */
function existing(
  by: UsageGroup,
  { nameOfAccount, keys, manager }: Pick<UsageRouteParts, 'keys'> & { nameOfAccount: NameOf; manager: InstanceManager },
): NameOf {
  if (by === 'user') return nameOfAccount;
  if (by === 'instance') return (id) => manager.nameOf(id);
  const names = keys.names();
  return (id) => names.get(id) ?? null;
}

function rowOf(sum: UsageSum, nameOf: NameOf, nameOfAccount: NameOf): UsageRow {
  const name = sum.id === null ? null : nameOf(sum.id);
  const { account } = sum;
  return {
    id: account === null ? null : sum.id,
    name: name ?? sum.name,
    owner: account === null ? null : (nameOfAccount(account.id) ?? account.name),
    deleted: sum.id !== null && name === null,
    requests: sum.requests,
    refused: sum.refused,
    failed: sum.failed,
    tokens_in: sum.tokensIn,
    tokens_out: sum.tokensOut,
    last_used_at: new Date(sum.last).toISOString(),
  };
}
