import { expect, test } from 'vitest';
import { clockContract } from './contracts/clock.contract.ts';
import { FakeClock } from './fake-clock.ts';

clockContract('FakeClock', () => {
  const clock = new FakeClock();
  return {
    clock,
    pass: (milliseconds) => clock.advance(milliseconds),
    jump: (milliseconds) => clock.jump(milliseconds),
  };
});

test('a jump of the wall clock runs no timer and delays none', async () => {
  const clock = new FakeClock();
  const calls: string[] = [];
  clock.after(1_000, () => calls.push('due'));
  clock.jump(3_600_000);
  await clock.advance(999);
  expect(calls).toEqual([]);
  clock.jump(-7_200_000);
  await clock.advance(1);
  expect(calls).toEqual(['due']);
});

test('timers run when they are due, in the order of their time', async () => {
  const clock = new FakeClock({ now: 1_000 });
  const calls: string[] = [];
  clock.after(30, () => calls.push(`late ${clock.now()}`));
  clock.after(10, () => calls.push(`soon ${clock.now()}`));
  clock.after(10, () => calls.push(`second ${clock.now()}`));
  await clock.advance(29);
  expect(calls).toEqual(['soon 1010', 'second 1010']);
  await clock.advance(1);
  expect(calls).toEqual(['soon 1010', 'second 1010', 'late 1030']);
  expect(clock.now()).toBe(1_030);
});

test('a timer set by another timer runs in the same advance if it is due', async () => {
  const clock = new FakeClock({ now: 0 });
  const calls: number[] = [];
  const again = (): void => {
    calls.push(clock.now());
    clock.after(10, again);
  };
  clock.after(10, again);
  await clock.advance(35);
  expect(calls).toEqual([10, 20, 30]);
  expect(clock.pending).toEqual([5]);
});

test('promises that a timer settles complete before the next timer runs', async () => {
  const clock = new FakeClock();
  const calls: string[] = [];
  clock.after(1, () => {
    void (async () => {
      for (let step = 0; step < 50; step += 1) await Promise.resolve();
      calls.push('promised');
    })();
  });
  clock.after(2, () => calls.push('next timer'));
  await clock.advance(2);
  expect(calls).toEqual(['promised', 'next timer']);
});

test('a cancelled timer never runs', async () => {
  const clock = new FakeClock();
  const calls: string[] = [];
  clock.after(1, () => calls.push('cancelled'))();
  await clock.advance(10);
  expect(calls).toEqual([]);
});

test('turns wait for flush or advance, and turns that follow run too', async () => {
  const clock = new FakeClock();
  const calls: string[] = [];
  clock.nextTurn(() => {
    calls.push('first');
    clock.nextTurn(() => calls.push('second'));
  });
  await Promise.resolve();
  expect(calls).toEqual([]);
  await clock.flush();
  expect(calls).toEqual(['first', 'second']);
});

test('short timers can run in real time while long ones wait', async () => {
  const clock = new FakeClock({ realUpToMs: 100 });
  const calls: string[] = [];
  clock.after(3_000, () => calls.push('long'));
  await new Promise<void>((resolve) => clock.after(1, resolve));
  await new Promise<void>((resolve) => clock.nextTurn(resolve));
  expect(calls).toEqual([]);
  await clock.advance(3_000);
  expect(calls).toEqual(['long']);
});
