import { OPERATIONS } from '@llamactl/contract/operations';
import { keyLabel, type Keys } from '../../auth/api-keys.ts';
import type { Caller } from '../../auth/caller.ts';
import { propertyChanges } from '../audit-changes.ts';
import type { Bind } from '../operations.ts';

/** Learns the new name of a key, to show it also after the key was deleted. */
export interface KeyNameListener {
  renamed(kind: 'key', key: { id: string; name: string }): void;
}

/** Keys for programs: an account's own; for admins, all. */
export function keyRoutes(
  bind: Bind,
  keys: Pick<Keys, 'list' | 'create' | 'update' | 'remove'>,
  listener: KeyNameListener,
): void {
  bind(OPERATIONS.listKeys, ({ caller }) => ({ keys: keys.list(caller) }));

  bind(OPERATIONS.createKey, async ({ caller, body, concerns }) => {
    const created = await keys.create(caller, body);
    concerns(keyLabel(created.info));
    return created;
  });

  bind(OPERATIONS.updateKey, async ({ caller, params, body, concerns, edited }) => {
    concerns(targetOf(keys, caller, params.id));
    const key = await keys.update(caller, params.id, body, (before, after) => edited(propertyChanges(before, after)));
    listener.renamed('key', key);
    return { message: 'Key changed successfully', key };
  });

  bind(OPERATIONS.deleteKey, async ({ caller, params, concerns }) => {
    concerns(targetOf(keys, caller, params.id));
    await keys.remove(caller, params.id);
    return { message: 'Key deleted successfully' };
  });
}

/** The key with its name, as the caller may see it; `null`: unknown, so the audit trail has only the id of the path. */
function targetOf(keys: Pick<Keys, 'list'>, caller: Caller, id: string): string | null {
  const key = keys.list(caller).find((one) => one.id === id);
  return key === undefined ? null : keyLabel(key);
}
