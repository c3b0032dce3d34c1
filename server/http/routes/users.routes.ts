import { OPERATIONS } from '@llamactl/contract/operations';
import type { Accounts } from '../../auth/accounts.ts';
import type { Keys } from '../../auth/api-keys.ts';
import { MASK } from '../../instances/settings/secret-words.ts';
import { propertyChanges } from '../audit-changes.ts';
import type { Bind } from '../operations.ts';
import { revokingKeys } from './key-rows.ts';

/** A password and its hash are never recorded. */
const NEW_PASSWORD = { path: 'password', before: MASK, after: MASK };

/** Accounts, managed by admins. */
export function userRoutes(
  bind: Bind,
  accounts: Pick<Accounts, 'list' | 'create' | 'update' | 'remove'>,
  keys: Pick<Keys, 'list'>,
): void {
  bind(OPERATIONS.listUsers, () => ({ users: accounts.list() }));

  bind(OPERATIONS.createUser, async ({ body, concerns }) => {
    concerns(body.username);
    return { message: 'User created successfully', user: await accounts.create(body) };
  });

  bind(OPERATIONS.updateUser, async ({ params: { username }, body, caller, changed, edited }) => {
    const password = body.password === undefined ? [] : [NEW_PASSWORD];
    const user = await revokingKeys({ keys, caller, changed }, username, () =>
      accounts.update(username, body, (before, after) => edited([...propertyChanges(before, after), ...password])),
    );
    return { message: 'User updated successfully', user };
  });

  bind(OPERATIONS.deleteUser, async ({ params: { username }, caller, changed }) => {
    await revokingKeys({ keys, caller, changed }, username, () => accounts.remove(username));
    return { message: 'User deleted successfully' };
  });
}
