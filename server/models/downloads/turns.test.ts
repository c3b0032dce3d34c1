import { describe, expect, it } from 'vitest';
import { Turns } from './turns.ts';

describe('turns', () => {
  it('are left by work whose signal aborts, and the work behind it still waits', async () => {
    const turns = new Turns();
    const first = Promise.withResolvers<void>();
    const ran: string[] = [];
    const running = turns.take('blob', null, async () => {
      await first.promise;
      ran.push('first');
    });
    const over = new AbortController();
    const second = turns.take('blob', over.signal, async () => void ran.push('second'));
    const third = turns.take('blob', null, async () => void ran.push('third'));
    over.abort(new Error('enough'));
    await expect(second).rejects.toThrow('enough');
    expect(ran).toEqual([]);
    first.resolve();
    await Promise.all([running, third]);
    expect(ran).toEqual(['first', 'third']);
    expect(turns.isTaken('blob')).toBe(false);
  });
});
