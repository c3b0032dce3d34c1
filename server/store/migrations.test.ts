import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../clock.ts';
import { storedKey, storedUser } from '../testing/contracts/accounts.contract.ts';
import { auditEntry } from '../testing/contracts/audit.contract.ts';
import { keptEvent } from '../testing/contracts/replay.contract.ts';
import { writeStoreFixture } from '../testing/store-fixture.ts';
import { openDatabase } from './database.ts';
import { MIGRATIONS_FOLDER } from './migration-files.ts';
import { newestSchema } from './migrations.ts';
import { openStore } from './sqlite.ts';

/** Databases as the llamactl of each schema version wrote them; never changed afterwards. */
const FIXTURES = join(import.meta.dirname, 'fixtures');
const VERSIONS = Array.from({ length: newestSchema() }, (_, index) => index + 1);

let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'llamactl-migrations-'));
  file = join(folder, 'llamactl.db');
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

const allOf = (database: DatabaseSync, sql: string): Record<string, unknown>[] =>
  database
    .prepare(sql)
    .all()
    .map((row) => ({ ...row }));

/** Every row of every table. */
function contents(database: DatabaseSync): Map<string, Record<string, unknown>[]> {
  const tables = allOf(database, `select name from sqlite_schema where type = 'table' and name not like 'sqlite_%'`);
  return new Map(tables.map(({ name }) => [String(name), allOf(database, `select * from "${String(name)}"`)]));
}

function read<Value>(path: string, act: (database: DatabaseSync) => Value): Value {
  const database = new DatabaseSync(path);
  try {
    return act(database);
  } finally {
    database.close();
  }
}

const pick = (row: Record<string, unknown>, names: readonly string[]): Record<string, unknown> =>
  Object.fromEntries(names.map((name) => [name, row[name]]));

const columns = (database: DatabaseSync): unknown[] =>
  allOf(
    database,
    `select t.name as "table", c.name, c.type, c."notnull", c.pk, c.dflt_value from pragma_table_list t, pragma_table_info(t.name) c
     where t.schema = 'main' order by t.name, c.cid`,
  );

it('every schema version has a fixture, the newest too', () => {
  expect(readdirSync(FIXTURES).toSorted()).toEqual(VERSIONS.map((version) => `schema-${version}.db`));
  for (const version of VERSIONS) {
    copyFileSync(join(FIXTURES, `schema-${version}.db`), file);
    expect(read(file, (database) => database.prepare('pragma user_version').get())).toEqual({ user_version: version });
  }
});

it('the newest fixture is what the present code writes', async () => {
  await writeStoreFixture(file, () => Date.now());
  const copy = join(folder, 'copy.db');
  copyFileSync(join(FIXTURES, `schema-${newestSchema()}.db`), copy);
  expect(read(copy, columns)).toEqual(read(file, columns));
});

describe.each(VERSIONS)('a database of schema version %i', (version) => {
  let before: Map<string, Record<string, unknown>[]>;

  beforeEach(() => {
    copyFileSync(join(FIXTURES, `schema-${version}.db`), file);
    before = read(file, contents);
    expect(before.get('instances')).toHaveLength(10);
  });

  it('keeps every row of every table', () => {
    const database = openDatabase(file);
    const after = contents(database);
    database.close();
    for (const [table, rows] of before) {
      const kept = after.get(table)?.map((row, index) => pick(row, Object.keys(rows[index] ?? {})));
      expect(kept).toEqual(rows);
    }
  });

  it('is read and written like a new one, also after a restart', async () => {
    const accounts = before.get('users')?.length ?? 0;
    const rows = before.get('audit')?.length ?? 0;
    const events = before.get('events')?.length ?? 0;
    for (const life of [1, 2]) {
      const store = openStore({ file, clock: systemClock() });
      expect(before.get('meta')).toContainEqual({ key: 'data_dir_id', value: store.dataDirId });
      const instances = await store.load();
      expect(instances.map(({ record }) => record.id)).toEqual(before.get('instances')?.map(({ id }) => id));
      await store.accounts.saveUser(storedUser(`new-${life}`));
      await store.accounts.saveKey(storedKey(`new-${life}`, `new-${life}`));
      await store.audit.append(auditEntry('r'));
      await store.replay.append([keptEvent(1_000 + life)]);
      expect((await store.accounts.load()).users).toHaveLength(accounts + life);
      const query = { limit: 1_000, beforeSeq: null, subject: null, actions: null, target: null };
      expect(await store.audit.read(query)).toHaveLength(rows + life);
      expect(await store.replay.load()).toHaveLength(events + life);
      await store.close();
    }
  });

  it('gets the schema of a new one', () => {
    const old = openDatabase(file);
    const fresh = openDatabase(join(folder, 'fresh.db'));
    expect(columns(old)).toEqual(columns(fresh));
    expect(old.prepare('pragma user_version').get()).toEqual(fresh.prepare('pragma user_version').get());
    old.close();
    fresh.close();
  });

  it('is kept unchanged beside the new one, for going back to an older version', () => {
    const copy = `${file}.schema-${version}`;
    openDatabase(file).close();
    expect(existsSync(copy)).toBe(version < newestSchema());
    if (version === newestSchema()) return;
    expect(read(copy, contents)).toEqual(before);
    expect(read(copy, (database) => database.prepare('pragma user_version').get())).toEqual({ user_version: version });
    expect(statSync(copy).mode & 0o777).toBe(0o600);
  });
});

describe('a migration that fails', () => {
  /** The real migrations and one more. */
  function withNext(sql: string): string {
    const place = mkdtempSync(join(folder, 'migrations-'));
    for (const name of readdirSync(MIGRATIONS_FOLDER)) copyFileSync(join(MIGRATIONS_FOLDER, name), join(place, name));
    writeFileSync(join(place, `${String(newestSchema() + 1).padStart(3, '0')}-next.sql`), sql);
    return place;
  }

  beforeEach(() => {
    copyFileSync(join(FIXTURES, `schema-${newestSchema()}.db`), file);
    openDatabase(file).close();
  });

  it.each([
    [
      'half-way',
      'alter table users add column colour text; update users set colour = 1; create table users (a)',
      'table users already exists',
    ],
    [
      'with rows that refer to missing rows',
      `pragma defer_foreign_keys = on; insert into keys select 99, 'k9', 'h9', prefix, name, 'nobody', generation, scopes, instances, may_start, created_at, expires_at, last_used_at, limits from keys limit 1`,
      'a row of keys refers to a missing row',
    ],
  ])('%s leaves the file unchanged', (_when, sql, reason) => {
    const rows = read(file, contents);
    const shape = read(file, columns);
    expect(() => openDatabase(file, withNext(sql))).toThrow(
      new RegExp(`to schema version ${newestSchema() + 1} failed; nothing was changed \\(.*${reason}`),
    );
    expect(read(file, contents)).toEqual(rows);
    expect(read(file, columns)).toEqual(shape);
    const store = openDatabase(file);
    expect(store.prepare('pragma user_version').get()).toEqual({ user_version: newestSchema() });
    store.close();
  });

  it('is not tried if the old database cannot be copied', () => {
    const next = withNext('alter table users add column colour text');
    const before = readFileSync(file);
    // Like a full disk, this prevents the copy.
    mkdirSync(`${file}.schema-${newestSchema()}`);
    expect(() => openDatabase(file, next)).toThrow(
      /cannot be copied to .*; nothing was changed\. Make room for the copy/,
    );
    expect(readFileSync(file).equals(before)).toBe(true);
    expect(readdirSync(folder).filter((name) => name.endsWith('.draft'))).toEqual([]);
  });
});
