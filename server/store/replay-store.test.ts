import { mkdirSync, mkdtempSync, renameSync, rmdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../clock.ts';
import { keptEvent, replayContract } from '../testing/contracts/replay.contract.ts';
import { takenBelow } from './lasting-counters.ts';
import { openDatabase } from './database.ts';
import { createSqliteStore, openStore } from './sqlite.ts';
import type { SqliteStore } from './sqlite.ts';

const clock = systemClock();
let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'llamactl-replay-'));
  file = join(folder, 'llamactl.db');
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

replayContract('the replay on SQLite', async () => {
  let store: SqliteStore = openStore({ file, clock });
  return {
    store,
    replay: store.replay,
    reopen: async () => {
      await store.close();
      store = openStore({ file, clock });
      return { store, replay: store.replay };
    },
    dispose: () => store.close(),
  };
});

describe('the replay on SQLite', () => {
  const rows = (database: DatabaseSync): number =>
    Number(database.prepare('select count(*) as count from events').get()?.['count']);

  /** Runs the store once and stores `count` events. */
  const live = async (first: number, count: number): Promise<number> => {
    const database = openDatabase(file);
    const store = createSqliteStore(database, file, clock);
    await store.replay.append(Array.from({ length: count }, (_, index) => keptEvent(first + index)));
    const stored = rows(database);
    await store.close();
    return stored;
  };

  it('removes events above ten thousand, once in a hundred events', async () => {
    expect(await live(0, 10_100)).toBe(10_100);
    expect(await live(10_100, 1)).toBe(10_000);
    expect(await live(10_101, 100)).toBe(10_100);
  });

  it('does not grow when each server runs only briefly', async () => {
    await live(0, 9_900);
    for (let life = 0; life < 12; life += 1) expect(await live(9_900 + life * 30, 30)).toBeLessThanOrEqual(10_100);
  });

  it('overwrites the counters in place, which needs no room', async () => {
    const store = openStore({ file, clock });
    store.replay.takeNumbers(10);
    const { ino, size } = statSync(`${file}.counters`);
    store.replay.takeNumbers(9_007_199_253_000_000);
    expect(statSync(`${file}.counters`)).toMatchObject({ ino, size });
    await store.close();
  });

  it('gives one number at a time if no block can be taken, and warns once', async () => {
    const said: string[] = [];
    const log = { debug: () => undefined, warn: (message: string) => void said.push(message) };
    const store = openStore({ file, clock, log });
    rmSync(`${file}.counters`);
    mkdirSync(`${file}.counters`);
    expect(store.replay.takeNumbers(10)).toEqual({ first: 10, end: 11 });
    expect(store.replay.takeNumbers(11)).toEqual({ first: 11, end: 12 });
    expect(said.filter((message) => message.includes('Event numbers could be used twice'))).toEqual([
      expect.stringContaining(`${file}.counters cannot be written: EISDIR`),
    ]);
    rmdirSync(`${file}.counters`);
    expect(store.replay.takeNumbers(12).end).toBeGreaterThan(13);
    await store.close();
  });

  it('takes no numbers from another folder that has got its path', async () => {
    const data = join(folder, 'data');
    const store = openStore({ file: join(data, 'llamactl.db'), clock });
    const { end } = store.replay.takeNumbers(10);
    renameSync(data, join(folder, 'moved'));
    mkdirSync(data);
    writeFileSync(join(data, 'llamactl.db.counters'), '1 9000000000000000\n');
    expect(store.replay.takeNumbers(end)).toEqual({ first: end, end: end + 1 });
    expect(takenBelow(join(data, 'llamactl.db'))).toBe(9_000_000_000_000_000);
    renameSync(data, join(folder, 'other'));
    renameSync(join(folder, 'moved'), data);
    expect(store.replay.takeNumbers(end + 1).end).toBeGreaterThan(end + 2);
    await store.close();
  });

  it('takes blocks so large that few servers need two, within safe integers', async () => {
    const store = openStore({ file, clock });
    const least = clock.now() * 1_000;
    const { first, end } = store.replay.takeNumbers(least);
    expect([first, end - first, Number.isSafeInteger(end)]).toEqual([least, 1_000_000, true]);
    await store.close();
  });

  it('takes no numbers after it is closed, since another process takes them', async () => {
    const store = openStore({ file, clock });
    const { end } = store.replay.takeNumbers(10);
    await store.close();
    expect(store.replay.takeNumbers(end)).toEqual({ first: end, end: end + 1 });
    expect(takenBelow(file)).toBe(end);
  });

  it('names an event that cannot be read', async () => {
    const database = openDatabase(file);
    const store = createSqliteStore(database, file, clock);
    await store.replay.append([keptEvent(0)]);
    database.exec(`pragma ignore_check_constraints = on; update events set event = '{"half'`);
    await expect(store.replay.load()).rejects.toThrow(`Event ${keptEvent(0).seq} in ${file} cannot be read`);
    await store.close();
  });
});
