import { expect, test, vi } from 'vitest';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
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

test('a process that waits for the clock alone lives on while it is kept alive, and no longer', async () => {
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
