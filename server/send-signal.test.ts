import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, it } from 'vitest';
import { sendSignal } from './send-signal.ts';

it('a signal reaches a process, and the result is false when the process is gone', async () => {
  const child = spawn('sleep', ['600']);
  const gone = once(child, 'exit');
  expect(sendSignal(child.pid ?? 0, 'SIGTERM')).toBe(true);
  expect((await gone)[1]).toBe('SIGTERM');
  expect(sendSignal(child.pid ?? 0, 'SIGTERM')).toBe(false);
});

it('an unknown signal throws', () => {
  expect(() => sendSignal(process.pid, 'SIGNONSENSE' as NodeJS.Signals)).toThrow('Unknown signal');
});
