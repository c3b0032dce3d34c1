import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../clock.ts';
import { accountsContract, storedKey, storedUser } from '../testing/contracts/accounts.contract.ts';
import { openDatabase } from './database.ts';
import { createSqliteStore, openStore } from './sqlite.ts';
import type { SqliteStore } from './sqlite.ts';

const clock = systemClock();
let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'llamactl-accounts-'));
  file = join(folder, 'llamactl.db');
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

accountsContract('accounts on SQLite', async () => {
  let store: SqliteStore = openStore({ file, clock });
  return {
    accounts: store.accounts,
    reopen: async () => {
      await store.close();
      store = openStore({ file, clock });
      return store.accounts;
    },
    dispose: () => store.close(),
  };
});

describe('accounts on SQLite', () => {
  it.each([
    ['Account u', `update users set role = 'emperor'`],
    ['Key k', `update keys set scopes = '["everything"]'`],
    ['Key k', `update keys set instances = '{}'`],
    ['Key k', `pragma ignore_check_constraints = on; update keys set scopes = '["half'`],
  ])('names a row that cannot be read: %s', async (row, damage) => {
    const database = openDatabase(file);
    const store = createSqliteStore(database, file, clock);
    await store.accounts.saveUser(storedUser('u'));
    await store.accounts.saveKey(storedKey('k', 'u'));
    database.exec(damage);
    await expect(store.accounts.load()).rejects.toThrow(`${row} in ${file} cannot be read; restore the file`);
    await store.close();
  });
});
