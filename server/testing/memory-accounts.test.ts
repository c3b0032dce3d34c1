import { accountsContract } from './contracts/accounts.contract.ts';
import { MemoryAccounts } from './memory-accounts.ts';

accountsContract('the accounts in memory', async () => {
  const accounts = new MemoryAccounts();
  return { accounts, reopen: async () => accounts, dispose: async () => undefined };
});
