import { linkSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { hasRoom, isOutOfRoom } from './disk-room.ts';
import { isBusy } from './result-code.ts';

const failure = (errcode: number): Error => Object.assign(new Error('of SQLite'), { errcode });

describe('an error of SQLite', () => {
  it.each([
    [5, 'SQLITE_BUSY'],
    [261, 'SQLITE_BUSY_RECOVERY'],
    [517, 'SQLITE_BUSY_SNAPSHOT'],
  ])('%d (%s) means that another process holds the lock', (code) => {
    expect([isBusy(failure(code)), isOutOfRoom(failure(code))]).toEqual([true, false]);
  });

  it.each([
    [13, 'SQLITE_FULL'],
    [4_874, 'SQLITE_IOERR_SHMSIZE'],
  ])('%d (%s) means that the disk is full', (code) => {
    expect([isBusy(failure(code)), isOutOfRoom(failure(code))]).toEqual([false, true]);
  });

  it('means neither with another code', () => {
    for (const error of [failure(10), failure(266), new Error('5'), 5, null])
      expect([isBusy(error), isOutOfRoom(error)]).toEqual([false, false]);
  });
});

describe('hasRoom', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'llamactl-room-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  it('writes random bytes, which no filesystem can compress, and removes them', () => {
    const [probe, second] = [join(folder, 'room.probe'), join(folder, 'second')];
    writeFileSync(probe, '');
    linkSync(probe, second);
    expect(hasRoom(folder, 65_536)).toBe(true);
    expect(readdirSync(folder)).toEqual(['second']);
    expect(gzipSync(readFileSync(second)).length).toBeGreaterThan(65_000);
  });
});
