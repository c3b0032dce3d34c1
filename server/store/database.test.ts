import {
  closeSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeSync,
} from 'node:fs';
import { chmod, copyFile, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it, test } from 'vitest';
import { connect, lookAtDatabase, openDatabase } from './database.ts';
import { newestSchema } from './migrations.ts';
import { keepToOurselves } from './exclusive-database.ts';

let folder: string;
let file: string;

beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'llamactl-database-'));
  file = path.join(folder, 'llamactl.db');
});

afterEach(() => rm(folder, { recursive: true }));

test('creates missing folders for the owner alone', async () => {
  openDatabase(path.join(folder, 'a', 'b', 'llamactl.db')).close();
  for (const made of ['a', 'a/b']) expect((await stat(path.join(folder, made))).mode & 0o777).toBe(0o700);
});

test('makes files private that others can read, as after a copy', async () => {
  const crashed = openDatabase(file);
  crashed.exec(`insert into meta (key, value) values ('a', 'b')`);
  const copy = path.join(folder, 'copy.db');
  const all = ['', '-wal', '-shm'];
  for (const suffix of all) {
    await copyFile(file + suffix, copy + suffix);
    await chmod(copy + suffix, 0o644);
  }
  crashed.close();
  const database = openDatabase(copy);
  const modes = await Promise.all(all.map(async (suffix) => (await stat(copy + suffix)).mode & 0o777));
  expect(modes).toEqual([0o600, 0o600, 0o600]);
  expect(database.prepare(`select value from meta where key = 'a'`).get()).toEqual({ value: 'b' });
  database.close();
});

test('refuses a path where no folder can be created, without hanging', () => {
  expect(() => openDatabase('/proc/llamactl-nowhere/llamactl.db')).toThrow('ENOENT');
});

/** Stores rows on many pages. */
function fill(): void {
  const database = openDatabase(file);
  database.exec('begin');
  const insert = database.prepare('insert into instances (id, name, record, state) values (?, ?, ?, ?)');
  for (let each = 0; each < 200; each += 1) {
    insert.run(`i${each}`, `n${each}`, JSON.stringify({ padding: 'x'.repeat(1_000) }), '{}');
  }
  database.exec('commit');
  database.close();
}

/** Overwrites bytes of the file. */
function spoil(from: number, bytes: Buffer): void {
  const descriptor = openSync(file, 'r+');
  writeSync(descriptor, bytes, 0, bytes.length, from);
  closeSync(descriptor);
}

const PAGE = 4_096;

/** Number of the root page of a table. */
function rootPage(table: string): number {
  const database = new DatabaseSync(file, { readOnly: true });
  const row = database.prepare('select rootpage from sqlite_schema where name = ?').get(table);
  database.close();
  return Number(row?.['rootpage']);
}

describe('lookAtDatabase', () => {
  it('reports a missing database, and creates none', () => {
    expect(lookAtDatabase(file)).toEqual({ is: 'none' });
    expect(existsSync(file)).toBe(false);
  });

  it('reports an undamaged database, also while a server uses it, and leaves no files beside it', () => {
    fill();
    const whole = { is: 'whole', bytes: statSync(file).size, schema: newestSchema() };
    expect(lookAtDatabase(file)).toEqual(whole);
    expect(readdirSync(folder)).toEqual(['llamactl.db']);
    const server = openDatabase(file);
    server.exec(`insert into meta (key, value) values ('a', 'b')`);
    expect(lookAtDatabase(file)).toEqual(whole);
    server.close();
  });

  it('reports a database as unreadable, not damaged, while a server uses it exclusively', () => {
    fill();
    const server = connect(file);
    keepToOurselves(server);
    server.exec(`insert into meta (key, value) values ('a', 'b')`);
    expect(lookAtDatabase(file)).toEqual({
      is: 'unreadable',
      reason: expect.stringContaining('as a server does that started on a full disk') as unknown,
    });
    server.close();
  });
});

describe('openDatabase refuses with a way out, and leaves unchanged', () => {
  const DAMAGES: [string, () => void, string][] = [
    ['no database at all', () => spoil(0, Buffer.alloc(PAGE, 'x')), 'file is not a database'],
    ['cut off', () => truncateSync(file, PAGE * 20), 'malformed'],
    ['cut within a page', () => truncateSync(file, PAGE * 20 + 100), 'malformed'],
    ['with a page of noughts', () => spoil((rootPage('instances') - 1) * PAGE, Buffer.alloc(PAGE)), 'btreeInitPage'],
    [
      'with a page of another',
      () => spoil((rootPage('instances') - 1) * PAGE, readFileSync(file).subarray(PAGE, PAGE * 2)),
      '',
    ],
  ];

  it.each(DAMAGES)('a file that is %s', (_what, damage, reason) => {
    fill();
    damage();
    const before = readFileSync(file);
    expect(() => lookAtDatabase(file)).toThrow(reason);
    expect(() => openDatabase(file)).toThrow(reason);
    expect(() => openDatabase(file)).toThrow(
      /llamactl\.db is damaged or not a database \(.+\)\. Engines that run are left alone\. llamactl restore <backup> restores a backup\. Without one, llamactl restore --salvage saves what can still be read\./,
    );
    expect(readFileSync(file).equals(before)).toBe(true);
  });

  it('a row that refers to a missing row', () => {
    openDatabase(file).close();
    const other = new DatabaseSync(file, { enableForeignKeyConstraints: false });
    other.exec(`insert into keys (id, hash, prefix, name, owner_id, generation, scopes, may_start, created_at)
      values ('k', 'h', 'p', 'n', 'nobody', 1, '[]', 1, '')`);
    other.close();
    expect(() => openDatabase(file)).toThrow('a row of keys belongs to one of users that is not there');
  });

  it('a database without a table that it should have', () => {
    openDatabase(file).close();
    const other = new DatabaseSync(file);
    other.exec('drop table audit');
    other.close();
    expect(() => openDatabase(file)).toThrow(
      `${file} is not a database of llamactl: it says schema version ${newestSchema()}, but has no table audit, index audit_by_timestamp`,
    );
  });

  it('a database of another program', () => {
    const other = new DatabaseSync(file);
    other.exec('create table songs (title)');
    other.close();
    expect(() => openDatabase(file)).toThrow('is not a database of llamactl: it holds other data');
  });

  it('an empty file beside folders of instances, whose engines no server would manage', async () => {
    mkdirSync(path.join(folder, 'instances', 'i1'), { recursive: true });
    await writeFile(file, '');
    expect(() => openDatabase(file)).toThrow(
      /is empty, but .*instances holds files of instances: the database was lost/,
    );
    await rm(file);
    expect(() => openDatabase(file)).toThrow(
      /is missing, but .*instances holds files of instances: the database was lost/,
    );
    expect(existsSync(file)).toBe(false);
  });

  it('an empty file whose write-ahead log was lost', () => {
    mkdirSync(path.join(folder, 'instances', 'i1'), { recursive: true });
    const blank = new DatabaseSync(file);
    blank.exec('pragma journal_mode = wal; create table t (a); drop table t; vacuum');
    blank.close();
    expect(() => openDatabase(file)).toThrow('the database was lost');
  });

  it('a write-ahead log whose database was lost, which SQLite would discard', async () => {
    const database = openDatabase(file);
    copyFileSync(`${file}-wal`, path.join(folder, 'kept'));
    database.close();
    await rm(file);
    copyFileSync(path.join(folder, 'kept'), `${file}-wal`);
    expect(() => openDatabase(file)).toThrow(
      `${file} is missing, but ${file}-wal holds changes: the database was lost.`,
    );
    expect(readFileSync(`${file}-wal`).equals(readFileSync(path.join(folder, 'kept')))).toBe(true);
  });

  it('a folder in place of the database', () => {
    mkdirSync(file);
    expect(() => openDatabase(file)).toThrow(`${file} cannot be opened (llamactl.db is a folder)`);
  });
});

test.each(['-wal', '-shm'])('reports a folder in place of its %s', (suffix) => {
  openDatabase(file).close();
  mkdirSync(file + suffix);
  expect(() => openDatabase(file)).toThrow(`${file} cannot be opened (llamactl.db${suffix} is a folder)`);
});

test('reports a link that leads nowhere', () => {
  symlinkSync(path.join(folder, 'no', 'where'), file);
  expect(() => openDatabase(file)).toThrow(`${file} cannot be opened (ENOENT`);
});

test('accepts an empty folder of instances, as an aborted first start leaves it', () => {
  mkdirSync(path.join(folder, 'instances'));
  openDatabase(file).close();
  expect(readdirSync(folder)).toContain('llamactl.db');
});
