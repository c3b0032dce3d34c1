import { describe, expect, test } from 'vitest';
import { FakeClock } from '../testing/fake-clock.ts';
import { createEngineFinder } from './find-engine-process.ts';
import type { ProcessStat } from './process-stat.ts';
import type { ProcessEntry } from './process-scan.ts';

const run = { tag: 'dir.instance.nonce', folder: '/no/such/folder' };

function entry(stat: Partial<ProcessStat> & { pid: number }): ProcessEntry {
  const defaults = { command: 'x', state: 'S', parent: 1, group: 100, session: 100, startTicks: 1_000, threads: 1 };
  const rest = { isKernelThread: false, isLeaving: false, cpuTicks: 0, residentPages: 1 };
  return { stat: { ...defaults, ...rest, ...stat }, tag: run.tag };
}

async function found(...entries: ProcessEntry[]): Promise<number | null> {
  const table = async (): Promise<{ entries: ProcessEntry[]; isSettled: boolean }> => ({ entries, isSettled: true });
  const finder = createEngineFinder(new FakeClock(), { all: table, groups: table }, 'boot');
  const identity = await finder.byTag(run);
  if (identity !== null) expect(identity).toMatchObject({ group: 100, bootId: 'boot' });
  return identity?.pid ?? null;
}

describe('among the processes with a run’s tag, the engine', () => {
  const wrapper = entry({ pid: 100 });

  test('is the wrapper’s child, even when a worker of the same tick has a lower pid', async () => {
    const engine = entry({ pid: 32_000, parent: 100 });
    expect(await found(wrapper, entry({ pid: 300, parent: 32_000 }), engine)).toBe(32_000);
  });

  test('is the oldest of the session when the wrapper is gone', async () => {
    const engine = entry({ pid: 200, startTicks: 1_001 });
    expect(await found(entry({ pid: 150, startTicks: 1_500 }), engine, entry({ pid: 201, startTicks: 1_001 }))).toBe(
      200,
    );
  });

  test('is not the program that makes the FIFO, nor the wrapper itself', async () => {
    expect(await found(wrapper, entry({ pid: 101, parent: 100, command: 'mkfifo' }))).toBeNull();
  });

  test('is not a worker in its own session', async () => {
    expect(await found(entry({ pid: 400, group: 400, session: 400 }))).toBeNull();
  });

  test('is not a zombie', async () => {
    expect(await found(wrapper, entry({ pid: 101, parent: 100, state: 'Z' }))).toBeNull();
  });
});
