import { describe, expect, it } from 'vitest';
import { Background } from './background.ts';
import { ChangeQueue } from './change-queue.ts';

describe('background work', () => {
  it('reports its errors, and can be awaited with the work that it starts', async () => {
    const faults: unknown[] = [];
    const background = new Background((error) => void faults.push(error));
    const done: string[] = [];
    const fault = new Error('The disk is full.');
    background.run(async () => {
      throw fault;
    });
    background.run(async () => {
      await Promise.resolve();
      background.run(async () => {
        await Promise.resolve();
        done.push('what follows');
      });
    });
    expect(background.size).toBe(2);
    await background.settled();
    expect([faults, done, background.size]).toEqual([[fault], ['what follows'], 0]);
  });
});

describe('the change queue', () => {
  it('runs changes one after the other, also after a failed one', async () => {
    const queue = new ChangeQueue();
    const order: string[] = [];
    const change = (name: string) => async (): Promise<string> => {
      order.push(`${name} begins`);
      await Promise.resolve();
      order.push(`${name} ends`);
      return name;
    };
    const failure = new Error('The disk is full.');
    const results = await Promise.allSettled([
      queue.run(change('a')),
      queue.run(async () => {
        throw failure;
      }),
      queue.run(change('b')),
    ]);
    expect(order).toEqual(['a begins', 'a ends', 'b begins', 'b ends']);
    expect(results).toEqual([
      { status: 'fulfilled', value: 'a' },
      { status: 'rejected', reason: failure },
      { status: 'fulfilled', value: 'b' },
    ]);
  });
});
