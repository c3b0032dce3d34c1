import { describe, expect, it } from 'vitest';
import { DeliveryQueue, LONGEST_QUEUE } from './delivery-queue.ts';

/** A queue whose deliveries end when the test says so. */
function aQueue() {
  const begun: number[] = [];
  const dropped: string[] = [];
  const signals: AbortSignal[] = [];
  let release = (): void => undefined;
  const queue = new DeliveryQueue<number>({
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
  return { queue, begun, dropped, signals, next };
}

describe('the queue of a destination', () => {
  it('hands on one at a time, in order', async () => {
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

  it('drops the oldest beyond its bound, says so once, and how many it were at the end', async () => {
    const { queue, begun, dropped, next } = aQueue();
    const all = Array.from({ length: LONGEST_QUEUE + 6 }, (_, index) => index);
    for (const item of all) queue.push(item);
    expect(dropped).toEqual([expect.stringContaining('the oldest are dropped')]);
    for (const _ of all) await next();
    expect(begun).toEqual([0, ...all.slice(6)]);
    expect(dropped.slice(1)).toEqual([expect.stringContaining('5 alerts were dropped')]);
  });

  it('ends with what is under way when it is closed', async () => {
    const { queue, begun, signals, next } = aQueue();
    queue.push(1);
    queue.push(2);
    queue.close();
    expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
    await next();
    queue.push(3);
    expect(begun).toEqual([1]);
  });
});
