import { accountsContract } from './contracts/accounts.contract.ts';
import { MemoryAccounts } from './memory-accounts.ts';

accountsContract('MemoryAccounts', async () => {
  const accounts = new MemoryAccounts();
  return { accounts, reopen: async () => accounts, dispose: async () => undefined };
});
