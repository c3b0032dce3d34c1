import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../clock.ts';
import { StoreClosed, StoreFull } from '../instances/ports/instance-store.ts';
import { keptEvent } from '../testing/contracts/replay.contract.ts';
import { storeContract, storedInstance } from '../testing/contracts/store.contract.ts';
import { writeUntilKilled } from '../testing/killed-writer.ts';
import { connect, openDatabase } from './database.ts';
import { keepToOurselves } from './exclusive-database.ts';
import { createSqliteStore, openStore, type SqliteStore } from './sqlite.ts';

const clock = systemClock();
let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'llamactl-store-'));
  file = join(folder, 'data', 'llamactl.db');
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

storeContract('the store on SQLite', async () => {
  const database = openDatabase(file);
  const stores: SqliteStore[] = [createSqliteStore(database, file, clock)];
  return {
    store: stores[0] as SqliteStore,
    reopen: async () => {
      for (const store of stores) await store.close();
      const store = openStore({ file, clock });
      stores.push(store);
      return store;
    },
    setFull: (isFull) => {
      const pages = Number(database.prepare('pragma page_count').get()?.['page_count']);
      database.exec(`pragma max_page_count = ${isFull ? pages : 1_000_000}`);
    },
    dispose: async () => {
      for (const store of stores) await store.close();
    },
  };
});

it('a store whose folder was moved writes nothing into a new folder at its path', async () => {
  const store = openStore({ file, clock });
  await store.save(storedInstance('a'));
  renameSync(join(folder, 'data'), join(folder, 'moved'));
  mkdirSync(join(folder, 'data'));
  await store.save(storedInstance('b'));
  await store.close();
  expect(readdirSync(join(folder, 'data'))).toEqual([]);
  const moved = openStore({ file: join(folder, 'moved', 'llamactl.db'), clock });
  expect((await moved.load()).map(({ record }) => record.id)).toEqual(['a', 'b']);
  await moved.close();
});

it('a store can be closed even if its folder cannot be checked', async () => {
  const said: string[] = [];
  const log = { debug: () => undefined, warn: (message: string) => void said.push(message) };
  const store = openStore({ file, clock, log, isMeasured: true });
  const data = join(folder, 'data');
  renameSync(data, join(folder, 'moved'));
  symlinkSync(data, data);
  const pending = store.save(storedInstance('a'));
  await store.close();
  await pending;
  await expect(store.replay.append([keptEvent(1)])).rejects.toThrow(StoreClosed);
  expect(said).toEqual([expect.stringContaining('.counters could not be written'), expect.stringContaining('ELOOP')]);
  const moved = openStore({ file: join(folder, 'moved', 'llamactl.db'), clock });
  expect(await moved.load()).toHaveLength(1);
  await moved.close();
});

it('a store whose database was removed puts it back on close, and logs it', async () => {
  const said: string[] = [];
  const log = { debug: () => undefined, warn: (message: string) => void said.push(message) };
  const store = openStore({ file, clock, log, isMeasured: true });
  for (const name of readdirSync(join(folder, 'data'))) rmSync(join(folder, 'data', name));
  await store.save(storedInstance('a'));
  await store.close();
  expect(said).toEqual([expect.stringMatching(/was removed while the server used it; the server has put it back$/)]);
  const next = openStore({ file, clock });
  expect((await next.load()).map(({ record }) => record.id)).toEqual(['a']);
  await next.close();
});

describe('a store opened on a full disk, for this process alone', () => {
  it('is shared again as soon as a change can be stored', async () => {
    const first = openStore({ file, clock });
    await first.save(storedInstance('a'));
    await first.close();
    const database = connect(file);
    keepToOurselves(database);
    const store = createSqliteStore(database, file, clock);
    const look = (): unknown => {
      const other = new DatabaseSync(file, { readOnly: true, timeout: 0 });
      try {
        return other.prepare('select count(*) as count from instances').get()?.['count'];
      } finally {
        other.close();
      }
    };
    expect(await store.load()).toHaveLength(1);
    expect(look).toThrow('database is locked');
    await store.save(storedInstance('b'));
    expect(look()).toBe(2);
    await store.save(storedInstance('c'));
    expect(look()).toBe(3);
    expect(database.prepare('pragma journal_mode').get()).toEqual({ journal_mode: 'wal' });
    await store.close();
  });

  it('keeps storing exclusively while sharing fails, and warns once', async () => {
    const database = openDatabase(file);
    database.close();
    const alone = connect(file);
    keepToOurselves(alone);
    const exec = vi.spyOn(alone, 'exec').mockImplementation((sql) => {
      if (sql.includes('journal_mode')) throw Object.assign(new Error('disk I/O error'), { errcode: 10 });
      DatabaseSync.prototype.exec.call(alone, sql);
    });
    const said: string[] = [];
    const log = { debug: () => undefined, warn: (message: string) => void said.push(message) };
    const store = createSqliteStore(alone, file, clock, log);
    for (const id of ['a', 'b']) await store.save(storedInstance(id));
    expect(said).toEqual([`No other process can read ${file} for now: disk I/O error`]);
    exec.mockRestore();
    await store.save(storedInstance('c'));
    expect(alone.prepare('pragma locking_mode').get()).toEqual({ locking_mode: 'normal' });
    expect(await store.load()).toHaveLength(3);
    await store.close();
  });
});

describe('a return to sharing that fails halfway', () => {
  const openAlone = (): DatabaseSync => {
    openDatabase(file).close();
    const alone = connect(file);
    keepToOurselves(alone);
    return alone;
  };

  it('locks the database again, since a reader would block all writes', async () => {
    const alone = openAlone();
    const prepare = vi.spyOn(alone, 'prepare').mockImplementation((sql) => {
      const query = sql === 'pragma journal_mode = wal' ? 'pragma journal_mode' : sql;
      return DatabaseSync.prototype.prepare.call(alone, query);
    });
    const store = createSqliteStore(alone, file, clock);
    await store.save(storedInstance('a'));
    const reader = new DatabaseSync(file, { readOnly: true, timeout: 0 });
    const read = (): unknown => reader.prepare('select count(*) as count from instances').get()?.['count'];
    expect(read).toThrow('database is locked');
    await store.save(storedInstance('b'));
    prepare.mockRestore();
    await store.save(storedInstance('c'));
    reader.exec('begin');
    expect(read()).toBe(3);
    await store.save(storedInstance('d'));
    reader.close();
    await store.close();
  });

  it('is not begun without room for the index, since it could not be undone', async () => {
    const store = createSqliteStore(openAlone(), file, clock);
    symlinkSync('/dev/full', join(folder, 'data', 'room.probe'));
    await store.save(storedInstance('a'));
    const reader = new DatabaseSync(file, { readOnly: true, timeout: 0 });
    const read = (): unknown => reader.prepare('select count(*) as count from instances').get()?.['count'];
    expect(read).toThrow('database is locked');
    await store.save(storedInstance('b'));
    expect(read()).toBe(2);
    reader.close();
    await store.close();
  });
});

describe('openStore', () => {
  it('lets only the owner read its files', async () => {
    const store = openStore({ file, clock });
    await store.save(storedInstance('a'));
    const modes = ['', '-wal', '-shm'].map((suffix) => statSync(file + suffix).mode & 0o777);
    expect(modes).toEqual([0o600, 0o600, 0o600]);
    expect(statSync(join(folder, 'data')).mode & 0o777).toBe(0o700);
    await store.close();
  });

  it('commits pending changes when it is closed, and rejects later ones', async () => {
    const store = openStore({ file, clock });
    const many = Array.from({ length: 100 }, (_, index) => store.save(storedInstance(`i${index}`)));
    await store.close();
    await Promise.all(many);
    await expect(store.save(storedInstance('late'))).rejects.toThrow('The store is closed');
    await store.close();
    const next = openStore({ file, clock });
    expect(await next.load()).toHaveLength(100);
    await next.close();
  });

  it('uses one transaction for the saves of a turn, and splits it at 64 rows', async () => {
    const database = openDatabase(file);
    const store = createSqliteStore(database, file, clock);
    const commits: number[] = [];
    const rowsOfOther = (): number => {
      const other = new DatabaseSync(file, { readOnly: true });
      const row = other.prepare('select count(*) as count from instances').get();
      other.close();
      return Number(row?.['count']);
    };
    const all = Promise.all(Array.from({ length: 100 }, (_, index) => store.save(storedInstance(`i${index}`))));
    while (commits.at(-1) !== 100) {
      await new Promise<void>((resolve) => setImmediate(resolve));
      const count = rowsOfOther();
      if (count !== commits.at(-1)) commits.push(count);
    }
    await all;
    expect(commits).toEqual([64, 100]);
    await store.close();
  });

  it('reports a full disk', async () => {
    const database = openDatabase(file);
    const store = createSqliteStore(database, file, clock);
    database.exec('pragma max_page_count = 1');
    const instance = storedInstance('a');
    instance.record.settings.environment['PADDING'] = 'x'.repeat(100_000);
    await expect(store.save(instance)).rejects.toThrow(
      new StoreFull(`${file} could not be written (the disk is full); nothing was stored.`),
    );
    await expect(store.save(instance)).rejects.toBeInstanceOf(StoreFull);
    await store.close();
  });

  it('rejects while another program holds the lock, and works again afterwards', async () => {
    let elapsed = 0;
    const store = createSqliteStore(openDatabase(file), file, { ...clock, elapsed: () => (elapsed += 1_000) });
    const other = new DatabaseSync(file);
    other.exec('begin immediate');
    await expect(store.save(storedInstance('a'))).rejects.toThrow('another program holds its lock');
    other.exec('rollback');
    other.close();
    await store.save(storedInstance('a'));
    expect(await store.load()).toHaveLength(1);
    await store.close();
  });

  it('rejects while the file is read-only, and works again afterwards', async () => {
    const database = openDatabase(file);
    const store = createSqliteStore(database, file, clock);
    database.exec('pragma query_only = on');
    await expect(store.save(storedInstance('a'))).rejects.toThrow('it is read-only');
    database.exec('pragma query_only = off');
    await store.save(storedInstance('b'));
    expect(await store.load()).toEqual([storedInstance('b')]);
    await store.close();
  });

  it('leaves no transaction open when the commit itself fails', async () => {
    const database = openDatabase(file);
    const store = createSqliteStore(database, file, clock);
    database.exec(`
      create table parent (id text primary key);
      create table child (parent text references parent deferrable initially deferred);
      create trigger breaks_commit after insert on instances begin insert into child values ('missing'); end`);
    await expect(store.save(storedInstance('a'))).rejects.toThrow('FOREIGN KEY constraint failed');
    database.exec('drop trigger breaks_commit');
    await store.save(storedInstance('b'));
    expect(await store.load()).toEqual([storedInstance('b')]);
    await store.close();
  });

  it('syncs at every commit, so that an acknowledged save survives a power loss', () => {
    const database = openDatabase(file);
    expect(database.prepare('pragma journal_mode').get()).toEqual({ journal_mode: 'wal' });
    expect(database.prepare('pragma synchronous').get()).toEqual({ synchronous: 2 });
    database.close();
  });

  it('names a row that cannot be read', async () => {
    const database = openDatabase(file);
    const store = createSqliteStore(database, file, clock);
    await store.save(storedInstance('a'));
    database.exec(`pragma ignore_check_constraints = on; update instances set state = '{"half'`);
    await expect(store.load()).rejects.toThrow(`Instance a in ${file} cannot be read`);
    await store.close();
  });

  it('logs how long a durable write takes, as a warning if it is slow', async () => {
    const said: string[] = [];
    const log = {
      debug: (message: string) => said.push(`debug: ${message}`),
      warn: (message: string) => said.push(`warning: ${message}`),
    };
    const clockWithStep = (milliseconds: number) => {
      let now = 0;
      return {
        now: () => 0,
        elapsed: () => (now += milliseconds),
        after: () => () => undefined,
        nextTurn: setImmediate,
      };
    };
    await openStore({ file, log, clock: clockWithStep(4) }).close();
    await openStore({ file, log, clock: clockWithStep(60) }).close();
    await openStore({ file, log, clock: clockWithStep(60), isMeasured: true }).close();
    expect(said).toEqual([
      'debug: A durable write takes 0.4 ms.',
      expect.stringMatching(/^warning: A durable write takes 6\.0 ms: put data_dir on a faster disk/),
    ]);
  });
});

describe('the schema', () => {
  const migrations = (...statements: string[]): string => {
    const place = mkdtempSync(join(folder, 'migrations-'));
    for (const [index, sql] of statements.entries()) {
      writeFileSync(join(place, `${String(index + 1).padStart(3, '0')}-step.sql`), `${sql}; -- ends in a comment`);
    }
    return place;
  };
  const columns = (database: DatabaseSync): unknown[] =>
    database
      .prepare(`select name from pragma_table_info('t')`)
      .all()
      .map((row) => row['name']);

  it('is brought up to date step by step, each step once', () => {
    openDatabase(file, migrations('create table t (a)')).close();
    const both = migrations('create table t (a)', 'alter table t add column b');
    openDatabase(file, both).close();
    const database = openDatabase(file, both);
    expect(columns(database)).toEqual(['a', 'b']);
    database.close();
  });

  it('stays unchanged when a step fails halfway', () => {
    openDatabase(file, migrations('create table t (a)')).close();
    const broken = migrations('create table t (a)', 'alter table t add column b; alter table missing add column c');
    expect(() => openDatabase(file, broken)).toThrow('to schema version 2 failed; nothing was changed');
    const database = openDatabase(file, migrations('create table t (a)'));
    expect(columns(database)).toEqual(['a']);
    database.close();
  });

  it('of a newer llamactl is refused, and the error names both versions', () => {
    openDatabase(file, migrations('select 1', 'select 1', 'select 1')).close();
    expect(() => openDatabase(file, migrations('select 1'))).toThrow(
      `${file} has schema version 3, this llamactl knows versions up to 1: it was written by a newer llamactl.`,
    );
  });

  it('is not read from a file that is not a database', () => {
    openDatabase(file).close();
    writeFileSync(file, 'This is not a database, and it is longer than a header of 100 bytes. '.repeat(4));
    expect(() => openStore({ file, clock })).toThrow('not a database');
  });
});

describe('kill -9', () => {
  const ROUNDS = 20;
  const INSTANCES = 8;

  /** Saves without pause, 1 to 8 instances per turn, and prints each acknowledged save. */
  const PROGRAM = `
    import { writeSync } from 'node:fs';
    const [store, clock, file, template] = process.argv.slice(1);
    const { openStore } = await import(store);
    const { systemClock } = await import(clock);
    const open = openStore({ file, clock: systemClock() });
    let marker = Math.max(0, ...(await open.load()).map((instance) => instance.record.version));
    for (;;) {
      marker += 1;
      const turn = Array.from({ length: 1 + (marker % ${INSTANCES}) }, (_, index) => {
        const instance = JSON.parse(template);
        Object.assign(instance.record, { id: 'i' + index, name: 'i' + index, version: marker });
        instance.state.runs = marker;
        instance.record.settings.environment.PADDING = String(marker).padEnd(3000 + (marker % 7) * 1000, '.');
        return open.save(instance).then(() => writeSync(1, index + ' ' + marker + '\\n'));
      });
      await Promise.all(turn);
    }`;

  it(`at ${ROUNDS} random moments loses and tears no acknowledged save`, { timeout: 120_000 }, async () => {
    const values = [
      new URL('./sqlite.ts', import.meta.url).href,
      new URL('../clock.ts', import.meta.url).href,
      file,
      JSON.stringify(storedInstance('template')),
    ];
    const acknowledged = new Map<string, number>();
    for (let round = 0; round < ROUNDS; round += 1) {
      const lines = 1 + Math.floor(Math.random() * 60);
      for (const line of await writeUntilKilled({ source: PROGRAM, values, lines })) {
        const [index = '', marker = ''] = line.split(' ');
        acknowledged.set(`i${index}`, Number(marker));
      }

      const store = openStore({ file, clock });
      const stored = new Map((await store.load()).map((instance) => [instance.record.id, instance]));
      await store.close();
      for (const [id, marker] of acknowledged) {
        expect(stored.get(id)?.record.version ?? 0).toBeGreaterThanOrEqual(marker);
      }
      for (const { record, state } of stored.values()) {
        expect(state.runs).toBe(record.version);
        expect(record.settings.environment['PADDING']?.trim()).toMatch(new RegExp(`^${record.version}\\.+$`));
        expect(record.settings.environment['PADDING']).toHaveLength(3000 + (record.version % 7) * 1000);
      }
    }
    expect(acknowledged.size).toBe(INSTANCES);
  });
});
