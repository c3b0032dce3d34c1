import { expect, test, vi } from 'vitest';
import { systemClock } from './clock.ts';

test('a callback comes after its time, and never once it was cancelled', async () => {
  const clock = systemClock();
  const calls: string[] = [];
  const begun = clock.now();
  clock.after(1, () => calls.push('cancelled'))();
  clock.after(5, () => calls.push('due'));
  await vi.waitFor(() => expect(calls).toEqual(['due']), { interval: 1 });
  expect(clock.now() - begun).toBeGreaterThanOrEqual(4);
});

test('a delay beyond what a timer of Node can hold does not fire at once', async () => {
  const clock = systemClock();
  const calls: string[] = [];
  const cancel = clock.after(3_000_000_000, () => calls.push('too early'));
  await new Promise<void>((resolve) => clock.after(5, resolve));
  cancel();
  expect(calls).toEqual([]);
});

test('the next turn comes after what is already promised', async () => {
  const clock = systemClock();
  const calls: string[] = [];
  const turn = new Promise<void>((resolve) =>
    clock.nextTurn(() => {
      calls.push('turn');
      resolve();
    }),
  );
  await Promise.resolve();
  calls.push('promise');
  await turn;
  expect(calls).toEqual(['promise', 'turn']);
});
