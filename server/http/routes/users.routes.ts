import { OPERATIONS } from '@llamactl/contract/operations';
import type { Accounts } from '../../auth/accounts.ts';
import type { Bind } from '../operations.ts';

/** Accounts, managed by admins. */
export function userRoutes(bind: Bind, accounts: Pick<Accounts, 'list' | 'create' | 'update' | 'remove'>): void {
  bind(OPERATIONS.listUsers, () => ({ users: accounts.list() }));

  bind(OPERATIONS.createUser, async ({ body, concerns }) => {
    concerns(body.username);
    return { message: 'User created successfully', user: await accounts.create(body) };
  });

  bind(OPERATIONS.updateUser, async ({ params, body }) => ({
    message: 'User updated successfully',
    user: await accounts.update(params.username, body),
  }));

  bind(OPERATIONS.deleteUser, async ({ params }) => {
    await accounts.remove(params.username);
    return { message: 'User deleted successfully' };
  });
}
