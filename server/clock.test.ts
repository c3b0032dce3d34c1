import { describe, expect, test, vi } from 'vitest';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { systemClock } from './clock.ts';
import type { Clock } from './instances/ports/time.ts';
import { clockContract } from './testing/contracts/clock.contract.ts';

test('a callback is called after its delay, but not after it was cancelled', async () => {
  const clock = systemClock();
  const calls: string[] = [];
  const begun = clock.now();
  clock.after(1, () => calls.push('cancelled'))();
  clock.after(5, () => calls.push('due'));
  await vi.waitFor(() => expect(calls).toEqual(['due']), { interval: 1 });
  expect(clock.now() - begun).toBeGreaterThanOrEqual(4);
});

/** A machine whose time the test sets. */
function machine(): { wall: number; steady: number; clock: Clock; passes(milliseconds: number): void } {
  const time = { wall: 1_000_000_000, steady: 5, passes };
  function passes(milliseconds: number): void {
    time.wall += milliseconds;
    time.steady += milliseconds;
  }
  return Object.assign(time, { clock: systemClock({ wall: () => time.wall, steady: () => time.steady }) });
}

clockContract('the clock of the machine', () => {
  const time = machine();
  return {
    clock: time.clock,
    pass: async (milliseconds) => time.passes(milliseconds),
    jump: (milliseconds) => {
      time.wall += milliseconds;
    },
  };
});

test('elapsed time is the same in another process, so that due times can be passed between processes', async () => {
  const url = new URL('./clock.ts', import.meta.url).href;
  const program = `
    const { systemClock } = await import(${JSON.stringify(url)});
    process.stdout.write(String(systemClock().elapsed()));`;
  const before = systemClock().elapsed();
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program]);
  expect(Number(stdout)).toBeGreaterThanOrEqual(before);
  expect(Number(stdout)).toBeLessThanOrEqual(systemClock().elapsed());
});

describe('the time of day', () => {
  test('continues when the clock of the machine is set back, so that due times are reached', () => {
    const time = machine();
    const begun = time.clock.now();
    time.passes(50);
    time.wall -= 3_600_000;
    expect(time.clock.now()).toBe(begun + 50);
    time.passes(2_000);
    time.wall -= 3_600_000;
    time.passes(1);
    expect(time.clock.now()).toBe(begun + 2_051);
  });

  test('follows a clock that is set forward, as after sleep', () => {
    const time = machine();
    const begun = time.clock.now();
    time.wall += 3_600_000;
    expect(time.clock.now()).toBe(begun + 3_600_000);
    time.passes(10);
    expect(time.clock.now()).toBe(begun + 3_600_010);
  });

  test('follows the small corrections of a clock', () => {
    const time = machine();
    const begun = time.clock.now();
    time.passes(100);
    time.wall -= 20;
    expect(time.clock.now()).toBe(begun + 80);
  });
});

test('a delay beyond the limit of Node does not fire at once', async () => {
  const clock = systemClock();
  const calls: string[] = [];
  const cancel = clock.after(3_000_000_000, () => calls.push('too early'));
  await new Promise<void>((resolve) => clock.after(5, resolve));
  cancel();
  expect(calls).toEqual([]);
});

test('the next turn comes after pending promises', async () => {
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

test('a process that waits only for the clock runs while it is kept alive, and no longer', async () => {
  const url = new URL('./clock.ts', import.meta.url).href;
  const waits = `
    const { keepAlive, systemClock } = await import(${JSON.stringify(url)});
    const release = keepAlive();
    await new Promise((resolve) => systemClock().after(20, resolve));
    release();
    process.stdout.write('waited');`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', waits]);
  expect(stdout).toBe('waited');
});
