import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../testing/fake-clock.ts';
import { Teardown } from './teardown.ts';
import { systemClock } from '../clock.ts';
import { SlicedWork } from '../sliced-work.ts';
import { keepUsage, refusedBy, usedBy, type UsageKeeping } from './usage-keeping.ts';

const REQUEST = {
  account: { id: 'u1', name: 'ada' },
  key: { id: 'k1', name: 'editor' },
  instance: null,
  outcome: 'other' as const,
  tokensIn: 1,
  tokensOut: 2,
};

describe('kept usage', () => {
  let dataDirectory: string;
  let clock: FakeClock;
  const faults: string[] = [];

  beforeEach(async () => {
    dataDirectory = await mkdtemp(path.join(os.tmpdir(), 'llamactl-usage-'));
    clock = new FakeClock();
    faults.length = 0;
  });
  afterEach(() => rm(dataDirectory, { recursive: true, force: true }));

  const open = (): { usage: UsageKeeping; teardown: Teardown } => {
    const teardown = new Teardown();
    const work = new SlicedWork(systemClock());
    const onFault = (_error: unknown, what: string): void => void faults.push(what);
    const usage = keepUsage({ clock, dataDirectory, work, onFault, teardown });
    return { usage, teardown };
  };
  const requests = async (usage: UsageKeeping): Promise<number[]> =>
    (await usage.sums('key', 86_400, () => true)).sums.map((sum) => sum.requests);

  it('is there after a restart, and a question waits until it is read', async () => {
    const first = open();
    await first.usage.restore();
    first.usage.count(REQUEST);
    await first.teardown.unwind();
    const second = open();
    const answer = requests(second.usage);
    second.usage.count(REQUEST);
    await second.usage.restore();
    expect(await answer).toEqual([2]);
    await second.teardown.unwind();
    expect(faults).toEqual([]);
  });

  it('is not replaced by a server that ends before it has read it', async () => {
    const first = open();
    await first.usage.restore();
    first.usage.count(REQUEST);
    await first.teardown.unwind();
    const hasty = open();
    hasty.usage.count(REQUEST);
    await hasty.teardown.unwind();
    const third = open();
    await third.usage.restore();
    expect(await requests(third.usage)).toEqual([1]);
    await third.teardown.unwind();
  });

  it('begins with nothing if the file is broken', async () => {
    await writeFile(path.join(dataDirectory, 'usage.gz'), 'broken');
    const { usage, teardown } = open();
    await usage.restore();
    expect(await requests(usage)).toEqual([]);
    await teardown.unwind();
  });

  it('passes requests to the successor once it has one', async () => {
    const { usage, teardown } = open();
    await usage.restore();
    const passed: unknown[] = [];
    usage.countBy((request) => void passed.push(request));
    usage.count(REQUEST);
    expect([passed, await requests(usage)]).toEqual([[REQUEST], []]);
    await teardown.unwind();
  });
});

describe('a request as usage counts it', () => {
  const author = { account: { id: 'u1', name: 'ada' }, key: { id: 'k1', name: 'editor' } };
  const figures = { instance: 'chat', outcome: 'ok' as const, tokens_in: 7, tokens_out: null };

  it('has its account, key and instance, and no tokens if none are reported', () => {
    expect(usedBy(author, figures, () => 'i1')).toEqual({
      ...author,
      instance: { id: 'i1', name: 'chat' },
      outcome: 'other',
      tokensIn: 7,
      tokensOut: 0,
    });
    expect(usedBy(null, figures, () => null)).toMatchObject({ account: null, key: null, instance: null });
    expect(refusedBy(author)).toMatchObject({ ...author, instance: null, outcome: 'refused', tokensOut: 0 });
  });

  it.each([
    ['ok', 'other'],
    ['aborted', 'other'],
    ['cancelled', 'other'],
    ['refused', 'refused'],
    ['client_error', 'failed'],
    ['engine_error', 'failed'],
    ['broken', 'failed'],
  ] as const)('that ended with %s is counted as %s', (outcome, counted) => {
    expect(usedBy(author, { ...figures, outcome }, () => 'i1').outcome).toBe(counted);
  });
});
