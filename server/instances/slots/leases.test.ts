import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../testing/fake-clock.ts';
import { LeaseBook } from './lease-book.ts';
import { Leases } from './leases.ts';

const TARGET = { port: 8_100, healthPath: '/health', key: null };
const never = new AbortController().signal;
const RECORD = { id: 'i', settings: {} };

describe('Leases', () => {
  it('counts each lease until it is released', () => {
    const leases = new Leases();
    const first = leases.grant('a', TARGET, RECORD);
    leases.grant('a', TARGET, RECORD);
    expect(leases.count).toBe(2);
    first.release();
    first.release();
    expect(leases.count).toBe(1);
  });

  it('counts the bytes of all answers, but not the comments of a stream', () => {
    const leases = new Leases();
    const [first, second] = [leases.grant('a', TARGET, RECORD), leases.grant('a', TARGET, RECORD)];
    first.passed(Buffer.from('data: x\n\n'));
    second.passed(Buffer.from('1'));
    expect(leases.answered).toBe(10);
    second.passed(Buffer.from(': ping\n\n'));
    expect(leases.answered).toBe(10);
  });

  it('lets a drain wait for open leases', async () => {
    const clock = new FakeClock();
    const leases = new Leases();
    const lease = leases.grant('a', TARGET, RECORD);
    let isIdle = false;
    const drain = leases.idle(clock.elapsed() + 30_000, clock, never).then(() => (isIdle = true));
    await clock.advance(29_999);
    expect(isIdle).toBe(false);
    lease.release();
    await drain;
    expect(isIdle).toBe(true);
    expect(clock.pending, 'no timer is left behind').toEqual([]);
  });

  it('lets a drain wait no longer than the deadline', async () => {
    const clock = new FakeClock();
    const leases = new Leases();
    const lease = leases.grant('a', TARGET, RECORD);
    const drain = leases.idle(clock.elapsed() + 1_000, clock, never);
    await clock.advance(1_000);
    await drain;
    expect(lease.signal.aborted, 'the drain itself breaks nothing').toBe(false);
  });

  it('lets a drain end at once without leases', async () => {
    const clock = new FakeClock();
    await new Leases().idle(clock.elapsed() + 1_000, clock, never);
    expect(clock.pending).toEqual([]);
  });

  it('breaks all leases when closed, and counts none afterwards', () => {
    const leases = new Leases();
    const lease = leases.grant('a', TARGET, RECORD);
    leases.close();
    expect(lease.signal.aborted).toBe(true);
    expect(leases.count).toBe(0);
  });

  it('reports the end of each lease once', () => {
    const counts: number[] = [];
    const leases = new Leases(({ count }) => counts.push(count));
    const first = leases.grant('a', TARGET, RECORD);
    leases.grant('a', TARGET, RECORD);
    first.release();
    first.release();
    leases.close();
    expect(counts).toEqual([1, 0]);
  });
});

describe('LeaseBook', () => {
  it('records and reports when the last lease of the current run ended', async () => {
    const clock = new FakeClock();
    const reported: string[] = [];
    const book = new LeaseBook(clock, (instance) => reported.push(instance));
    const old = book.of('i', 1).grant('a', TARGET, RECORD);
    const lease = book.of('i', 2).grant('a', TARGET, RECORD);
    expect([book.lastUsed('i', 2), book.lastUsed('j', 1)]).toEqual([null, null]);
    await clock.advance(1_000);
    old.release();
    expect([book.lastUsed('i', 2), reported]).toEqual([null, []]);
    lease.release();
    expect([book.lastUsed('i', 2), reported]).toEqual([clock.elapsed(), ['i']]);
    book.of('i', 3);
    expect(book.lastUsed('i', 3)).toBe(null);
  });

  it('gives each run its own leases: closing an old run does not break leases of the new one', () => {
    const book = new LeaseBook(new FakeClock());
    const old = book.of('i', 1).grant('a', TARGET, RECORD);
    const current = book.of('i', 2).grant('a', TARGET, RECORD);
    book.of('i', 1).close();
    expect(current.signal.aborted).toBe(false);
    expect(book.of('i', 2).count).toBe(1);
    old.release();
    expect(book.of('i', 2).count).toBe(1);
  });

  it('forgets a deleted instance', () => {
    const book = new LeaseBook(new FakeClock());
    book.of('i', 1).grant('a', TARGET, RECORD);
    book.forget('i');
    expect(book.of('i', 1).count).toBe(0);
  });
});

describe('leases that the previous server holds', () => {
  it('count like any other until they are over', () => {
    const book = new LeaseBook(new FakeClock());
    const over = book.of('i', 1).lend(() => undefined);
    book.of('i', 1).grant('a', TARGET, RECORD);
    expect(book.of('i', 1).count).toBe(2);
    over();
    over();
    expect(book.of('i', 1).count).toBe(1);
  });

  it('are broken when they must end', () => {
    const leases = new LeaseBook(new FakeClock()).of('i', 1);
    const reported: string[] = [];
    leases.lend(() => reported.push('broken'));
    leases.close();
    expect([reported, leases.count]).toEqual([['broken'], 0]);
  });

  it('are reported with the last use before them', async () => {
    const clock = new FakeClock();
    const book = new LeaseBook(clock);
    const reported: unknown[] = [];
    book.watch((use) => reported.push(use));
    book.remember({ instance: 'i', run: 1, lastUsed: 5 });
    const over = book.of('i', 1).lend(() => undefined);
    expect(book.uses()).toEqual([{ instance: 'i', run: 1, open: 1, lastUsed: 5 }]);
    over();
    expect(reported).toEqual([{ instance: 'i', run: 1, open: 0 }]);
    expect(book.uses()).toEqual([{ instance: 'i', run: 1, open: 0, lastUsed: clock.elapsed() }]);
  });

  it('never have a last use in the future, even from another clock', () => {
    const clock = new FakeClock();
    const book = new LeaseBook(clock);
    book.remember({ instance: 'i', run: 1, lastUsed: clock.elapsed() + 3_600_000 });
    expect(book.lastUsed('i', 1)).toBe(clock.elapsed());
  });
});
