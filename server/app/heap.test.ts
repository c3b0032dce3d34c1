import { expect, test } from 'vitest';
import { shrinkHeapAtRest } from './heap.ts';
import { FakeClock } from '../testing/fake-clock.ts';

test('the heap shrinks once, at the first two seconds in which the event loop is idle', async () => {
  const clock = new FakeClock();
  const loop = { active: 600, idle: 0 };
  let shrunk = 0;
  shrinkHeapAtRest({ clock, readLoop: () => ({ ...loop }), shrink: () => (shrunk += 1) });
  const pass = async (active: number): Promise<number> => {
    loop.active += active;
    loop.idle += 2_000 - active;
    await clock.advance(2_000);
    return shrunk;
  };
  expect(await pass(2_000)).toBe(0);
  expect(await pass(100)).toBe(0);
  expect(await pass(60)).toBe(1);
  expect(await pass(0)).toBe(1);
});

test('the heap does not shrink after the server has ended', async () => {
  const clock = new FakeClock();
  let shrunk = 0;
  const loop = { active: 0, idle: 0 };
  const cancel = shrinkHeapAtRest({ clock, readLoop: () => loop, shrink: () => (shrunk += 1) });
  cancel();
  await clock.advance(10_000);
  expect(shrunk).toBe(0);
});
