import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, test, vi } from 'vitest';
import { readStat } from './process-stat.ts';
import { readTag } from './run-tag.ts';

/** Before it sleeps, a process may be in the middle of its exec, without an environment. */
const ASLEEP = { command: 'sleep', state: 'S' };

describe('the tag of a process', () => {
  const tagOf = async (env: Record<string, string>): Promise<ReturnType<typeof readTag>> => {
    const child = spawn('/bin/sleep', ['1000'], { env, stdio: 'ignore' });
    try {
      await vi.waitFor(() => expect(readStat(child.pid ?? 0)).toMatchObject(ASLEEP), { interval: 1 });
      return readTag(child.pid ?? 0);
    } finally {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
  };

  test('is the whole value of the variable', async () => {
    expect(await tagOf({ A: 'b', LLAMACTL_RUN: 'd.i.n', Z: 'z' })).toEqual({ tag: 'd.i.n' });
    expect(await tagOf({ LLAMACTL_RUN: '' })).toEqual({ tag: '' });
  });

  test('is not found in longer names or in values', async () => {
    expect(await tagOf({ MY_LLAMACTL_RUN: 'x', A: 'LLAMACTL_RUN=y' })).toBe('untagged');
    expect(await tagOf({ MY_LLAMACTL_RUN: 'x', LLAMACTL_RUN: 'd.i.n' })).toEqual({ tag: 'd.i.n' });
  });

  test('is found after many other variables', async () => {
    expect(await tagOf({ BIG: 'x'.repeat(100_000), LLAMACTL_RUN: 'd.i.n' })).toEqual({ tag: 'd.i.n' });
  });

  test('is gone for a pid without a process', () => {
    expect(readTag(2 ** 30)).toBe('gone');
  });

  test('is unclear for a process without environment, which may be in the middle of an exec', async () => {
    expect(await tagOf({})).toBe('unclear');
  });
});
