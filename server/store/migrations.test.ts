import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../clock.ts';
import { storedKey, storedUser } from '../testing/contracts/accounts.contract.ts';
import { auditEntry } from '../testing/contracts/audit.contract.ts';
import { keptEvent } from '../testing/contracts/replay.contract.ts';
import { storedInstance } from '../testing/contracts/store.contract.ts';
import { openDatabase } from './database.ts';
import { openStore } from './sqlite.ts';

let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'llamactl-migrations-'));
  file = join(folder, 'llamactl.db');
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

/** Schema version 1 as it was released: what it says here is on disks, whatever becomes of the files. */
const VERSION_1 = `
  create table meta (
    key text primary key,
    value text not null
  ) strict, without rowid;
  create table instances (
    position integer primary key autoincrement,
    id text not null unique,
    name text not null unique collate nocase,
    record text not null check (json_valid(record)),
    state text not null check (json_valid(state))
  ) strict;
  pragma user_version = 1`;

const columns = (database: DatabaseSync): unknown[] =>
  database
    .prepare(
      `select t.name as "table", c.name, c.type, c."notnull", c.pk, c.dflt_value from pragma_table_list t, pragma_table_info(t.name) c
       where t.schema = 'main' order by t.name, c.cid`,
    )
    .all();

describe('a database of schema version 1', () => {
  const instances = [storedInstance('b', 3), storedInstance('a', 5, 'Ünï')];

  beforeEach(() => {
    const database = new DatabaseSync(file);
    database.exec(`pragma journal_mode = wal; ${VERSION_1}`);
    database.exec(`insert into meta (key, value) values ('data_dir_id', 'abcdef1234')`);
    const insert = database.prepare('insert into instances (id, name, record, state) values (?, ?, ?, ?)');
    for (const { record, state } of instances) {
      insert.run(record.id, record.name, JSON.stringify(record), JSON.stringify(state));
    }
    database.close();
  });

  it('keeps its identifier and its instances, and takes accounts, audit and events', async () => {
    for (const life of [1, 2]) {
      const store = openStore({ file, clock: systemClock() });
      expect(store.dataDirId).toBe('abcdef1234');
      expect(await store.load()).toEqual(instances);
      await store.accounts.saveUser(storedUser('u'));
      await store.accounts.saveKey(storedKey('k', 'u'));
      await store.audit.append(auditEntry('r'));
      await store.replay.append([keptEvent(life)]);
      expect(await store.replay.load()).toHaveLength(life);
      await store.close();
    }
  });

  it('becomes what a new one is', () => {
    const old = openDatabase(file);
    const fresh = openDatabase(join(folder, 'fresh.db'));
    expect(columns(old)).toEqual(columns(fresh));
    expect(columns(old)).toContainEqual(expect.objectContaining({ table: 'keys', name: 'owner_id' }));
    expect(old.prepare('pragma user_version').get()).toEqual(fresh.prepare('pragma user_version').get());
    old.close();
    fresh.close();
  });
});
