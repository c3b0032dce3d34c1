import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DatabaseFile } from './database-file.ts';

const NOW = Date.UTC(2026, 0, 2, 3, 4, 5);

let folder: string;
let file: string;
let database: DatabaseSync;
let databaseFile: DatabaseFile;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'llamactl-file-'));
  mkdirSync(join(folder, 'data'));
  file = join(folder, 'data', 'llamactl.db');
  database = new DatabaseSync(file);
  database.exec('pragma journal_mode = wal; create table things (name text); pragma user_version = 3');
  write('before');
  databaseFile = new DatabaseFile(file);
});
afterEach(() => {
  if (database.isOpen) database.close();
  rmSync(folder, { recursive: true });
});

function write(name: string): void {
  database.prepare('insert into things values (?)').run(name);
}

function storedIn(name: string): unknown {
  const other = new DatabaseSync(name);
  try {
    expect(other.prepare('pragma integrity_check').get()).toEqual({ integrity_check: 'ok' });
    expect(other.prepare('pragma user_version').get()).toEqual({ user_version: 3 });
    return other
      .prepare('select name from things')
      .all()
      .map((row) => row['name']);
  } finally {
    other.close();
  }
}

const close = (): string | null => databaseFile.close(database, NOW);
const names = (): string[] => readdirSync(join(folder, 'data')).toSorted();

describe('closing a database', () => {
  it('just closes a file that is in its place', () => {
    expect(databaseFile.look()).toBe('kept');
    expect(close()).toBe(null);
    expect([database.isOpen, names()]).toEqual([false, ['llamactl.db']]);
  });

  it.each([
    ['the file alone', ['']],
    ['all of it', ['', '-wal', '-shm']],
  ])('puts a removed file back with all its rows: %s', (_what, suffixes) => {
    for (const suffix of suffixes) rmSync(file + suffix);
    write('after');
    expect(databaseFile.look()).toBe('removed');
    expect(close()).toMatch(/was removed while the server used it; the server has put it back$/);
    expect(names()).toEqual(['llamactl.db']);
    expect(storedIn(file)).toEqual(['before', 'after']);
  });

  it('saves a replaced file beside the other, which stays', () => {
    renameSync(file, `${file}.moved`);
    writeFileSync(file, 'other');
    write('after');
    expect(databaseFile.look()).toBe('replaced');
    const aside = `${file}.replaced-20260102T030405000Z`;
    expect(close()).toContain(`the server's data is in ${aside}, which llamactl restore can restore`);
    expect(storedIn(aside)).toEqual(['before', 'after']);
    expect(names()).not.toContain('llamactl.db.kept.draft');
  });

  it.each(['moved with its folder', 'hidden by a changed link'])(
    'leaves a file that was %s unchanged, and writes nothing into the other folder',
    (how) => {
      renameSync(join(folder, 'data'), join(folder, 'moved'));
      mkdirSync(join(folder, 'other'));
      if (how.startsWith('hidden')) symlinkSync('other', join(folder, 'data'));
      write('after');
      expect(databaseFile.look()).toBe('elsewhere');
      expect(close()).toBe(null);
      expect(readdirSync(join(folder, 'other'))).toEqual([]);
      expect(storedIn(join(folder, 'moved', 'llamactl.db'))).toEqual(['before', 'after']);
    },
  );

  it('reports a removed file that cannot be put back', () => {
    rmSync(file);
    mkdirSync(`${file}.kept.draft`);
    expect(close()).toMatch(/cannot be kept: /);
    expect([database.isOpen, existsSync(file)]).toEqual([false, false]);
  });
});
