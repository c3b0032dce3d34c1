import { describe, expect, it } from 'vitest';
import { FakeClock } from '../testing/fake-clock.ts';
import { Scheduler } from './scheduler.ts';

function setUp() {
  const clock = new FakeClock();
  const granted: string[] = [];
  const scheduler = new Scheduler(clock);
  const request = (instance: string): void => scheduler.request(instance, () => granted.push(instance));
  return { clock, scheduler, granted, request };
}

describe('the scheduler', () => {
  it('grants in the order of asking, never in the turn of asking', async () => {
    const { clock, granted, request } = setUp();
    request('a');
    request('b');
    expect(granted).toEqual([]);
    await clock.flush();
    expect(granted).toEqual(['a', 'b']);
  });

  it('grants one a turn, because each is followed by a fork', () => {
    const turns: (() => void)[] = [];
    const clock = Object.assign(new FakeClock(), { nextTurn: (callback: () => void) => void turns.push(callback) });
    const granted: string[] = [];
    const scheduler = new Scheduler(clock);
    for (const name of ['a', 'b', 'c']) scheduler.request(name, () => granted.push(name));
    turns.shift()?.();
    expect(granted).toEqual(['a']);
    turns.shift()?.();
    expect(granted).toEqual(['a', 'b']);
  });

  it('grants nothing to who withdrew', async () => {
    const { clock, scheduler, granted, request } = setUp();
    request('a');
    request('b');
    scheduler.release('a');
    await clock.flush();
    expect(granted).toEqual(['b']);
  });

  it('keeps one request an instance: the newest', async () => {
    const { clock, granted, scheduler } = setUp();
    scheduler.request('a', () => granted.push('old'));
    scheduler.request('a', () => granted.push('new'));
    await clock.flush();
    expect(granted).toEqual(['new']);
  });

  it('knows who holds a slot: granted or taken, until released', async () => {
    const { clock, scheduler, request } = setUp();
    request('a');
    scheduler.take('b');
    await clock.flush();
    expect([...scheduler.held]).toEqual(['b', 'a']);
    scheduler.release('b');
    expect([...scheduler.held]).toEqual(['a']);
  });
});
