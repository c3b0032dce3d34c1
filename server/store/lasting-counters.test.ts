import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { countUse, isOlderCopy, takenBelow, takeNumbers } from './lasting-counters.ts';
import { openDatabase } from './database.ts';

let directory: string;
let file: string;
let counters: string;
let database: DatabaseSync;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'llamactl-counters-'));
  file = join(directory, 'llamactl.db');
  counters = `${file}.counters`;
  database = openDatabase(file);
});
afterEach(() => {
  if (database.isOpen) database.close();
  rmSync(directory, { recursive: true });
});

/** Uses a database like a server that starts and stops. */
function used(): void {
  for (const _ of ['start', 'stop']) countUse(database, file);
}

describe('an older copy of a database', () => {
  it('is detected in place of a newer one, until a server has used it', () => {
    used();
    database.close();
    copyFileSync(file, `${file}.old`);
    database = openDatabase(file);
    expect(isOlderCopy(database, file)).toBe(false);
    used();
    expect(isOlderCopy(database, file)).toBe(false);
    database.close();
    copyFileSync(`${file}.old`, file);
    database = openDatabase(file);
    expect(isOlderCopy(database, file)).toBe(true);
    used();
    expect(isOlderCopy(database, file)).toBe(false);
  });

  it('is not reported for a database that could not store its count', () => {
    used();
    database.exec('pragma query_only = on');
    expect(() => countUse(database, file)).toThrow('readonly');
    expect(isOlderCopy(database, file)).toBe(false);
  });

  it('cannot be detected if the counters are unreadable; the error names the file and the way out', () => {
    used();
    rmSync(counters);
    mkdirSync(counters);
    expect(() => isOlderCopy(database, file)).toThrow(
      new RegExp(`^${counters} cannot be read \\(EISDIR.*\\), so it is unknown whether ${file} is an older copy`),
    );
  });
});

describe('event numbers', () => {
  it('continue after the numbers that were taken, whatever is counted meanwhile', () => {
    const { end } = takeNumbers(file, 10);
    used();
    expect(takenBelow(file)).toBe(end);
    expect(takeNumbers(file, 10).first).toBe(end);
    expect(isOlderCopy(database, file)).toBe(false);
  });
});

describe('the file of counters', () => {
  it('is overwritten in place with the same size, and only its owner can read it', () => {
    used();
    const { ino, size, mode } = statSync(counters);
    expect(mode & 0o777).toBe(0o600);
    takeNumbers(file, 9_007_199_253_000_000);
    used();
    expect(statSync(counters)).toMatchObject({ ino, size });
    expect(readFileSync(counters, 'utf8')).toBe('0000000000000004 9007199254000000\n');
  });

  it.each(['', 'something else', '-1 1.5', '1'])('counts as empty if it contains %j', (text) => {
    writeFileSync(counters, text);
    expect(takenBelow(file)).toBe(0);
    expect(isOlderCopy(database, file)).toBe(text === '1');
  });
});
