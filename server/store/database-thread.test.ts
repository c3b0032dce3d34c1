import { mkdtempSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../clock.ts';
import { auditEntry } from '../testing/contracts/audit.contract.ts';
import { lookInThread } from './database-thread.ts';
import { openStore, type SqliteStore } from './sqlite.ts';

let folder: string;
let file: string;
let store: SqliteStore;

beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'llamactl-thread-'));
  file = path.join(folder, 'llamactl.db');
  store = openStore({ file, clock: systemClock() });
});

afterEach(async () => {
  await store.close();
  rmSync(folder, { recursive: true });
});

describe('the check of the database in a thread', () => {
  it('finds it whole, while the server goes on writing to it', async () => {
    const look = lookInThread(folder);
    await store.audit.append(auditEntry('a'));
    expect(await look).toMatchObject({ is: 'whole', schema: expect.any(Number) as number });
    await store.audit.append(auditEntry('b'));
    expect(
      await store.audit.read({ limit: 9, beforeSeq: null, subject: null, actions: null, target: null }),
    ).toHaveLength(2);
  });

  it('finds damage', async () => {
    await store.audit.append(auditEntry('a'));
    await store.close();
    truncateSync(file, statSync(file).size - 8_192);
    await expect(lookInThread(folder)).rejects.toThrow(`${file} is damaged or not a database`);
    writeFileSync(file, 'no database at all, but some text of more than a hundred bytes. '.repeat(20));
    await expect(lookInThread(folder)).rejects.toThrow(`${file} is damaged or not a database`);
  });

  it('finds a row without the row to which it belongs', async () => {
    await store.close();
    const database = new DatabaseSync(file, { enableForeignKeyConstraints: false });
    database.exec(
      "insert into keys (id, hash, prefix, name, owner_id, generation, scopes, may_start, created_at) values ('lost', '', '', '', 'nobody', 1, '[]', 0, '')",
    );
    database.close();
    await expect(lookInThread(folder)).rejects.toThrow('that is not there');
  });

  it('refuses a database of a newer llamactl', async () => {
    await store.close();
    const database = new DatabaseSync(file);
    database.exec('pragma user_version = 9999');
    database.close();
    await expect(lookInThread(folder)).rejects.toThrow('it was written by a newer llamactl');
  });

  it('notices that it was removed', async () => {
    rmSync(file);
    await expect(lookInThread(folder)).rejects.toThrow('it was removed');
  });
});
