import type { Key } from '@llamactl/contract/auth';
import { keyLabel, type Keys } from '../../auth/api-keys.ts';
import { OPERATIONS } from '@llamactl/contract/operations';
import type { Caller } from '../../auth/caller.ts';
import type { RecordedChange } from '../recorded-change.ts';

/**
 * Makes a change of an account. Reports the keys that the change revoked, for the audit trail.
 *
 * @param username In upper or lower case.
 */
export async function revokingKeys<Result>(
  { keys, caller, changed }: { keys: Pick<Keys, 'list'>; caller: Caller; changed: (rows: RecordedChange[]) => void },
  username: string,
  change: () => Promise<Result>,
): Promise<Result> {
  const isOwn = ({ owner }: Key): boolean => owner.toLowerCase() === username.toLowerCase();
  const before = keys.list(caller).filter(isOwn);
  const result = await change();
  const left = new Set(keys.list(caller).map(({ id }) => id));
  const revoked = before.filter(({ id }) => !left.has(id));
  changed(revoked.map((key) => ({ action: OPERATIONS.deleteKey.id, target: keyLabel(key) })));
  return result;
}
