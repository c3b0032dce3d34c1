import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { foreignRows } from './foreign-rows.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'llamactl-foreign-'));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('rows of the database of another program', () => {
  it('are read with those of a write-ahead log that the program left, and of one that it still writes', () => {
    const [file, left] = [path.join(folder, 'a.db'), path.join(folder, 'left.db')];
    const program = new DatabaseSync(file);
    program.exec("PRAGMA journal_mode = WAL; CREATE TABLE t(x); INSERT INTO t VALUES('logged');");
    for (const suffix of ['', '-wal']) copyFileSync(file + suffix, left + suffix);
    expect(foreignRows(file, 'SELECT x FROM t')).toMatchObject([{ x: 'logged' }]);
    program.close();
    expect(foreignRows(left, 'SELECT x FROM t')).toMatchObject([{ x: 'logged' }]);
  });

  it('cannot be changed', () => {
    const file = path.join(folder, 'a.db');
    new DatabaseSync(file).close();
    expect(() => foreignRows(file, 'CREATE TABLE t(x)')).toThrow(/readonly/);
  });

  it('need a database', () => {
    const file = path.join(folder, 'a.db');
    writeFileSync(file, 'SQLite format 3\0 and no more');
    expect(() => foreignRows(file, 'SELECT 1 FROM t')).toThrow(/not a database/);
  });
});
