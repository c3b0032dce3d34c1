import type { Alert } from '@llamactl/contract/system';
import { beforeEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../testing/fake-clock.ts';
import { watchDirectory, type DirectoryWatch } from './directory-watch.ts';
import type { LockFound } from './lock.ts';
import type { DatabaseFileFound } from './database-file.ts';

let clock: FakeClock;
let held: LockFound | Error;
let found: DatabaseFileFound;
let raised: Omit<Alert, 'raised_at'> | null;
let faults: string[];
let looks: number;
let disk: Promise<void>;
let watch: DirectoryWatch;

beforeEach(() => {
  clock = new FakeClock();
  disk = Promise.resolve();
  [held, found, raised, faults, looks] = ['ours', 'kept', null, [], 0];
  watch = watchDirectory({
    directory: '/data',
    reach: () => disk,
    clock,
    lock: {
      tend: () => {
        looks += 1;
        if (held instanceof Error) throw held;
        return held;
      },
    },
    databaseFile: { look: () => found },
    alerts: {
      raise: (alert) => {
        raised = alert;
      },
      clear: (code) => {
        if (raised?.code === code) raised = null;
      },
    },
    onFault: (_error, what) => void faults.push(what),
  });
});

describe('the watch on the data directory', () => {
  it.each([
    ['elsewhere', 'kept', /is no longer the directory that this server uses/],
    ['taken', 'kept', /a second server may use the same database/],
    ['ours', 'removed', /llamactl\.db was removed .* Stop the server normally .* puts the database back/],
    ['ours', 'replaced', /is not the file that this server uses/],
    ['ours', 'elsewhere', /is no longer the directory/],
  ] as const)('raises, clears, and refuses a change: %s, %s', (lock, databaseFile, message) => {
    [held, found] = [lock, databaseFile];
    expect(() => watch.assertKept()).toThrow(message);
    expect(raised).toMatchObject({ level: 'error', code: 'data_dir_lost' });
    expect(raised?.message).toMatch(message);
    [held, found] = ['ours', 'kept'];
    watch.assertKept();
    expect(raised).toBe(null);
  });

  it('checks repeatedly, and repairs what it can', async () => {
    await clock.advance(5_000);
    expect(looks).toBe(1);
    found = 'removed';
    await clock.advance(5_000);
    expect([looks, raised?.code]).toEqual([2, 'data_dir_lost']);
    found = 'kept';
    await clock.advance(5_000);
    expect(raised).toBe(null);
  });

  it('continues when a check fails, and reports the failure once', async () => {
    held = new Error('EIO');
    await clock.advance(15_000);
    expect(faults).toHaveLength(1);
    held = 'taken';
    await clock.advance(5_000);
    expect(raised?.code).toBe('data_dir_lost');
  });

  it('waits for a disk that does not answer without blocking the event loop', async () => {
    const answered = Promise.withResolvers<void>();
    disk = answered.promise;
    await clock.advance(60_000);
    expect(looks).toBe(0);
    answered.resolve();
    await clock.flush();
    expect(looks).toBe(1);
  });

  it('ends when it is closed, even during a check', async () => {
    const answered = Promise.withResolvers<void>();
    disk = answered.promise;
    await clock.advance(5_000);
    watch.close();
    answered.resolve();
    await clock.advance(60_000);
    expect([looks, clock.pending]).toEqual([0, []]);
  });
});
