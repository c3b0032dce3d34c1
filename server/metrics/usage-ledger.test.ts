import { beforeEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../testing/fake-clock.ts';
import { systemClock } from '../clock.ts';
import { SlicedWork } from '../sliced-work.ts';
import { packedUsage, unpackedUsage } from './kept-usage.ts';
import { UsageLedger, type UsedRequest } from './usage-ledger.ts';
import { UsageLevel } from './usage-level.ts';

const MINUTE = 60;
const HOUR = 3_600;
const DAY = 86_400;

const ADA = { id: 'u1', name: 'ada' };
const EDITOR = { id: 'k1', name: 'editor' };
const CHAT = { id: 'i1', name: 'chat' };

describe('usage', () => {
  let clock: FakeClock;
  let ledger: UsageLedger;

  beforeEach(() => {
    clock = new FakeClock();
    ledger = new UsageLedger(clock);
  });

  const request = (changes: Partial<UsedRequest> = {}): UsedRequest => ({
    account: ADA,
    key: EDITOR,
    instance: CHAT,
    outcome: 'other',
    tokensIn: 10,
    tokensOut: 2,
    ...changes,
  });
  const all = () => true;
  const sums = (by: 'key' | 'user' | 'instance', window: number) => ledger.sums(by, window, all).sums;
  const pass = (seconds: number) => clock.advance(seconds * 1_000);

  it('sums requests and tokens by key, account and instance', () => {
    ledger.add(request());
    ledger.add(request({ outcome: 'refused', instance: null, tokensIn: 0, tokensOut: 0 }));
    ledger.add(request({ outcome: 'failed', key: null }));
    ledger.add(request({ account: null, key: null, tokensOut: 90 }));
    const figures = { requests: 2, refused: 1, failed: 0, tokensIn: 10, tokensOut: 2 };
    expect(sums('key', DAY)).toEqual([{ id: 'k1', name: 'editor', account: ADA, ...figures, last: clock.now() }]);
    expect(sums('user', DAY)).toMatchObject([
      { id: null, name: null, requests: 1, tokensOut: 90 },
      { id: 'u1', name: 'ada', account: null, requests: 3, refused: 1, failed: 1, tokensIn: 20, tokensOut: 4 },
    ]);
    expect(sums('instance', DAY)).toMatchObject([
      { id: 'i1', name: 'chat', requests: 3 },
      { id: null, name: null, requests: 1, refused: 1 },
    ]);
  });

  it('counts only what a caller may see', () => {
    ledger.add(request());
    ledger.add(request({ account: { id: 'u2', name: 'bob' }, key: null }));
    expect(ledger.sums('instance', DAY, ({ account }) => account === 'u2').sums).toMatchObject([{ requests: 1 }]);
  });

  it.each([
    { window: 15 * MINUTE, kept: 14 * MINUTE, gone: 17 * MINUTE },
    { window: 24 * HOUR, kept: 23 * HOUR, gone: 25 * HOUR },
    { window: 7 * DAY, kept: 6 * DAY, gone: 8 * DAY },
    { window: 30 * DAY, kept: 29 * DAY, gone: 31 * DAY },
  ])('covers a window of $window seconds', async ({ window, kept, gone }) => {
    ledger.add(request());
    await pass(kept);
    expect(sums('key', window)).toMatchObject([{ requests: 1 }]);
    await pass(gone - kept);
    ledger.add(request({ key: { id: 'k2', name: 'other' } }));
    expect(sums('key', window)).toMatchObject([{ id: 'k2' }]);
  });

  it('says since when it counts: the begin of a step, or of counting', async () => {
    const begun = clock.now();
    expect(ledger.sums('key', 30 * DAY, all).since).toBe(begun);
    await pass(40 * DAY);
    const { since, until } = ledger.sums('key', 30 * DAY, all);
    const late = until - since - 30 * DAY * 1_000;
    expect(late).toBeGreaterThanOrEqual(0);
    expect(late).toBeLessThan(3 * HOUR * 1_000);
    expect(since % (3 * HOUR * 1_000)).toBe(0);
  });

  it('keeps the name of what was deleted, and takes another name at once', () => {
    ledger.add(request());
    ledger.renamed('key', { id: 'k1', name: 'laptop' });
    ledger.renamed('instance', { id: 'never used', name: 'x' });
    expect(sums('key', DAY)).toMatchObject([{ id: 'k1', name: 'laptop' }]);
  });

  describe('over a restart', () => {
    const work = new SlicedWork(systemClock());
    const restarted = async (): Promise<UsageLedger> => {
      const kept = await unpackedUsage(await packedUsage(ledger.kept(), work), work);
      const next = new UsageLedger(clock);
      next.add(request({ tokensOut: 1 }));
      if (kept !== null) next.restore(kept);
      return next;
    };

    it('goes on, also with what was counted before the file was read', async () => {
      ledger.add(request());
      await pass(20 * MINUTE);
      ledger.add(request({ account: null, key: null, instance: null }));
      const begun = ledger.sums('key', DAY, all).since;
      ledger = await restarted();
      expect(sums('key', DAY)).toMatchObject([{ id: 'k1', name: 'editor', requests: 2, tokensOut: 3 }]);
      expect(sums('key', 15 * MINUTE)).toMatchObject([{ requests: 1 }]);
      expect(sums('user', 30 * DAY)).toMatchObject([{ requests: 2 }, { id: null, requests: 1 }]);
      expect(ledger.sums('key', DAY, all).since).toBe(begun);
    });

    it('forgets steps that are too old, and names that no step has', async () => {
      ledger.add(request());
      await pass(31 * DAY);
      ledger = await restarted();
      expect(sums('key', 30 * DAY)).toMatchObject([{ requests: 1, tokensOut: 1 }]);
      await pass(31 * DAY);
      ledger.add(request({ account: null, key: null, instance: null }));
      expect(ledger.kept().names).toEqual({ key: [], user: [], instance: [] });
    });

    it('keeps many cells, in slices', async () => {
      for (let at = 0; at < 500; at += 1) ledger.add(request({ key: { id: `k${at}`, name: `key ${at}` } }));
      const kept = ledger.kept();
      const text = await packedUsage(kept, work);
      expect(await unpackedUsage(text, work)).toEqual(kept);
    });

    it('begins with nothing if the file is none', async () => {
      expect(await unpackedUsage(Buffer.from('no'), work)).toBeNull();
      expect(await unpackedUsage((await packedUsage(ledger.kept(), work)).subarray(0, 20), work)).toBeNull();
    });
  });

  it('reports once that there is something to write', () => {
    expect(ledger.takeChanged()).toBe(false);
    ledger.add(request());
    expect([ledger.takeChanged(), ledger.takeChanged()]).toEqual([true, false]);
  });
});

describe('a level of usage', () => {
  const parties = (account: string) => ({ account, key: null, instance: null });
  const counts = (last: number) => ({ requests: 1, refused: 0, failed: 0, tokensIn: 1, tokensOut: 1, last });
  const STEP = 60_000;

  it('has a bounded number of cells: the oldest steps go first, and it says so', () => {
    const level = new UsageLevel({ seconds: 60, covers: 3_600, most: 3 });
    level.add(parties('a'), counts(0), 0);
    level.add(parties('a'), counts(STEP), STEP);
    level.add(parties('b'), counts(STEP), STEP);
    expect(level.completeSince).toBe(0);
    level.add(parties('c'), counts(2 * STEP), 2 * STEP);
    expect(level.cells.map(({ step, account }) => [step, account])).toEqual([
      [STEP, 'a'],
      [STEP, 'b'],
      [2 * STEP, 'c'],
    ]);
    expect(level.completeSince).toBe(STEP);
  });

  it('counts without names what is too much for one step', () => {
    const level = new UsageLevel({ seconds: 60, covers: 3_600, most: 2 });
    for (const account of ['a', 'b', 'c', 'd', 'a']) level.add(parties(account), counts(0), 0);
    expect(level.cells.map(({ account, requests }) => [account, requests])).toEqual([
      ['a', 2],
      ['b', 1],
      [null, 2],
    ]);
  });
});
