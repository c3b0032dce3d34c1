import { describe, expect, it } from 'vitest';
import { TurnQueue } from './turn-queue.ts';

function queueOf(...items: string[]): TurnQueue<string> {
  const queue = new TurnQueue<string>();
  for (const item of items) queue.push(item.slice(0, 1), item);
  return queue;
}

function drained(queue: TurnQueue<string>): string[] {
  const items: string[] = [];
  for (let item = queue.shift(); item !== undefined; item = queue.shift()) items.push(item);
  return items;
}

describe('TurnQueue', () => {
  it('keeps the order of one caller', () => {
    expect(drained(queueOf('a1', 'a2', 'a3'))).toEqual(['a1', 'a2', 'a3']);
  });

  it('does not let a caller with many items block a caller with one', () => {
    expect(drained(queueOf('a1', 'a2', 'a3', 'b1', 'c1', 'c2'))).toEqual(['a1', 'b1', 'c1', 'a2', 'c2', 'a3']);
  });

  it('puts a caller that comes again behind those that have not had a turn', () => {
    const queue = queueOf('a1', 'a2', 'b1');
    expect(queue.shift()).toBe('a1');
    queue.push('c', 'c1');
    queue.push('a', 'a3');
    expect(drained(queue)).toEqual(['b1', 'a2', 'c1', 'a3']);
  });

  it('removes the items of callers that leave', () => {
    const queue = queueOf('a1', 'b1', 'a2');
    queue.remove('a', 'a1');
    queue.remove('b', 'b1');
    queue.remove('b', 'b1');
    queue.remove('unknown', 'a2');
    expect([queue.size, [...queue], drained(queue), queue.size]).toEqual([1, ['a2'], ['a2'], 0]);
  });
});
