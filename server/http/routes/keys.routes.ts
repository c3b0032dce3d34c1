import { OPERATIONS } from '@llamactl/contract/operations';
import type { Keys } from '../../auth/api-keys.ts';
import type { Bind } from '../operations.ts';

/** Keys for programs: an account's own; for admins, all. */
export function keyRoutes(bind: Bind, keys: Pick<Keys, 'list' | 'create' | 'remove'>): void {
  bind(OPERATIONS.listKeys, ({ caller }) => ({ keys: keys.list(caller) }));

  bind(OPERATIONS.createKey, async ({ caller, body, concerns }) => {
    const created = await keys.create(caller, body);
    concerns(created.info.id);
    return created;
  });

  bind(OPERATIONS.deleteKey, async ({ caller, params }) => {
    await keys.remove(caller, params.id);
    return { message: 'Key deleted successfully' };
  });
}
