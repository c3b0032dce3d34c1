import { describe, expect, it } from 'vitest';
import { FakeClock } from '../testing/fake-clock.ts';
import { DeliveryQueue, LONGEST_QUEUE } from './delivery-queue.ts';

/** A queue whose deliveries the test ends. */
function aQueue() {
  const begun: number[] = [];
  const dropped: string[] = [];
  const signals: AbortSignal[] = [];
  let release = (): void => undefined;
  const clock = new FakeClock();
  const queue = new DeliveryQueue<number>({
    clock,
    deliver: (item, signal) => {
      begun.push(item);
      signals.push(signal);
      return new Promise((resolve) => {
        release = resolve;
      });
    },
    onDropped: (what) => dropped.push(what),
  });
  const next = async (): Promise<void> => {
    release();
    await new Promise((resolve) => void setImmediate(resolve));
  };
  return { queue, clock, begun, dropped, signals, next };
}

describe('DeliveryQueue', () => {
  it('delivers one item at a time, in order', async () => {
    const { queue, begun, next } = aQueue();
    for (const item of [1, 2, 3]) queue.push(item);
    expect(begun).toEqual([1]);
    await next();
    expect(begun).toEqual([1, 2]);
    await next();
    await next();
    queue.push(4);
    expect(begun).toEqual([1, 2, 3, 4]);
  });

  it('drops the oldest items above its limit, reports the first drop and the total', async () => {
    const { queue, begun, dropped, next } = aQueue();
    const all = Array.from({ length: LONGEST_QUEUE + 6 }, (_, index) => index);
    for (const item of all) queue.push(item);
    expect(dropped).toEqual([expect.stringContaining('the oldest are dropped')]);
    for (const _ of all) await next();
    expect(begun).toEqual([0, ...all.slice(6)]);
    expect(dropped.slice(1)).toEqual([expect.stringContaining('5 alerts were dropped')]);
  });

  it('accepts nothing after close, and close resolves when all waiting items are delivered', async () => {
    const { queue, clock, begun, signals, next } = aQueue();
    queue.push(1);
    queue.push(2);
    const closed = queue.close();
    queue.push(3);
    await next();
    await next();
    await closed;
    expect([begun, clock.pending]).toEqual([[1, 2], []]);
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, true]);
  });

  it('waits at most two seconds on close, then aborts the current delivery', async () => {
    const { queue, clock, begun, signals, next } = aQueue();
    queue.push(1);
    queue.push(2);
    const closed = queue.close();
    await clock.advance(1_999);
    expect(signals.map(({ aborted }) => aborted)).toEqual([false]);
    await clock.advance(1);
    await closed;
    expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
    await next();
    expect(begun).toEqual([1]);
  });

  it('closes at once when idle', async () => {
    const { queue, clock } = aQueue();
    await queue.close();
    expect(clock.pending).toEqual([]);
  });
});
