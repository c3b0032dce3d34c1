import { chmod, copyFile, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openDatabase } from './database.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'llamactl-database-'));
});

afterEach(() => rm(folder, { recursive: true }));

test('a file that is no database is named, with what to do', async () => {
  const file = path.join(folder, 'llamactl.db');
  await writeFile(file, 'x'.repeat(8_192));
  expect(() => openDatabase(file)).toThrow(`${file} is damaged or no database (file is not a database). Restore it`);
});

test('its folders are made, for the owner alone', async () => {
  openDatabase(path.join(folder, 'a', 'b', 'llamactl.db')).close();
  for (const made of ['a', 'a/b']) expect((await stat(path.join(folder, made))).mode & 0o777).toBe(0o700);
});

test('files that others can read, as a copy leaves them, are closed to them', async () => {
  const file = path.join(folder, 'llamactl.db');
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

test('a place that takes no folders is refused at once', () => {
  expect(() => openDatabase('/proc/llamactl-nowhere/llamactl.db')).toThrow('ENOENT');
});
