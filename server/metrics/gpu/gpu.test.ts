import { readFileSync } from 'node:fs';
import { beforeEach, describe, expect, test } from 'vitest';
import { FakeClock } from '../../testing/fake-clock.ts';
import type { ToolResult } from '../metrics-ports.ts';
import { createGpus, type Gpus } from './gpu.ts';

const MEBIBYTE = 1_048_576;
const MINUTE_MS = 60_000;
const fixture = (name: string): string => readFileSync(new URL(`../fixtures/${name}.txt`, import.meta.url), 'utf8');
const says = (stdout: string, code = 0): ToolResult => ({ code, stdout, stderr: '' });

/** A machine with some tools and their output. */
class FakeTools {
  readonly clock = new FakeClock();
  readonly searched: string[] = [];
  readonly calls: string[] = [];
  readonly faults: string[] = [];
  readonly installed = new Set<string>();
  answer: (command: string, args: readonly string[]) => ToolResult | Promise<ToolResult> = nvidia;
  readonly gpus: Gpus = createGpus({
    clock: this.clock,
    findTool: async (command) => {
      this.searched.push(command);
      return this.installed.has(command) ? `/bin/${command}` : null;
    },
    runTool: async (command, args, { timeoutMs }) => {
      // The list of UUIDs is asked for once, so it is no part of a reading.
      if (args[0] === '-L') return says('');
      this.calls.push(`${command} ${args[0]}`);
      expect(timeoutMs).toBe(5_000);
      return this.answer(command, args);
    },
    onFault: (error, what) => void this.faults.push(`${what}: ${error instanceof Error ? error.message : ''}`),
  });
}

function nvidia(_command: string, [query]: readonly string[]): ToolResult {
  return says(fixture(query?.startsWith('--query-gpu') === true ? 'nvidia-smi-gpus-535' : 'nvidia-smi-processes'));
}

let tools: FakeTools;
beforeEach(() => {
  tools = new FakeTools();
});

describe('Gpus without a tool', () => {
  test('reports no GPUs and no memory, and searches at most every five minutes', async () => {
    expect(await tools.gpus.list()).toEqual([]);
    const searched = tools.searched.length;
    expect(searched).toBeGreaterThan(2);
    for (let times = 0; times < 100; times += 1) {
      expect(tools.gpus.memoryOf([1])).toBe(null);
      await tools.clock.advance(2_000);
    }
    expect(await tools.gpus.list()).toEqual([]);
    expect(tools.searched.length).toBe(searched);
    await tools.clock.advance(2 * MINUTE_MS);
    await tools.gpus.list();
    expect(tools.searched.length).toBe(2 * searched);
    expect([tools.calls, tools.faults, tools.clock.pending]).toEqual([[], [], []]);
  });
});

describe('readings of Gpus', () => {
  beforeEach(() => {
    tools.installed.add('nvidia-smi');
  });

  test('are shared by concurrent callers, and for some seconds', async () => {
    const [one, other] = await Promise.all([tools.gpus.list(), tools.gpus.list()]);
    expect(one.map(({ name }) => name)).toEqual(['NVIDIA GeForce RTX 4090', 'NVIDIA GeForce RTX 3060']);
    expect(other).toEqual(one);
    await tools.clock.advance(4_999);
    await tools.gpus.list();
    expect(tools.calls.length).toBe(2);
    await tools.clock.advance(1);
    await tools.gpus.list();
    expect(tools.calls.length).toBe(4);
    expect(tools.calls[0]).toContain('/bin/nvidia-smi --query-gpu=');
  });

  test('are made only on request', async () => {
    await tools.gpus.list();
    await tools.clock.advance(60 * MINUTE_MS);
    expect(tools.calls.length).toBe(2);
  });

  test('include the memory of processes, from the last reading', async () => {
    expect(tools.gpus.memoryOf([31_337])).toBe(null);
    await tools.clock.flush();
    expect(tools.gpus.memoryOf([31_337])).toBe(20_992 * MEBIBYTE);
    expect(tools.gpus.memoryOf([31_337, 4_242, 99])).toBe(22_016 * MEBIBYTE);
    expect(tools.gpus.memoryOf([99])).toBe(0);
    expect(tools.gpus.memoryOf([4_242, 5_151])).toBe(null);
    // This tool does not say which GPU a process uses.
    expect(tools.gpus.usesOf([31_337])).toEqual([]);
  });

  test('expire', async () => {
    await tools.gpus.list();
    await tools.clock.advance(2 * MINUTE_MS);
    tools.answer = () => new Promise(() => undefined);
    expect(tools.gpus.memoryOf([31_337])).toBe(null);
  });

  test.each([-60, 60])('keep their interval when the wall clock jumps by %d minutes', async (minutes) => {
    await tools.gpus.list();
    tools.clock.jump(minutes * MINUTE_MS);
    expect((await tools.gpus.list()).length).toBe(2);
    expect(tools.calls.length).toBe(2);
    await tools.clock.advance(MINUTE_MS);
    expect((await tools.gpus.list()).length).toBe(2);
    expect(tools.calls.length).toBe(4);
  });

  test('are rarer with a slow tool', async () => {
    tools.answer = async (command, args) => {
      // each of the two calls takes half a second
      await new Promise<void>((resolve) => {
        tools.clock.after(500, resolve);
      });
      return nvidia(command, args);
    };
    const listed = tools.gpus.list();
    await tools.clock.advance(1_000);
    expect((await listed).length).toBe(2);
    await tools.clock.advance(19_999);
    expect((await tools.gpus.list()).length).toBe(2);
    expect(tools.calls.length).toBe(2);
    await tools.clock.advance(1);
    void tools.gpus.list();
    await tools.clock.flush();
    expect(tools.calls.length).toBe(3);
  });

  test('combine two vendors', async () => {
    tools.installed.add('rocm-smi');
    tools.answer = (command, args) => {
      if (command === '/bin/nvidia-smi') return nvidia(command, args);
      return says(fixture(args.includes('--showpids') ? 'rocm-smi-processes' : 'rocm-smi-gpus-6.2'));
    };
    expect((await tools.gpus.list()).map(({ vendor }) => vendor)).toEqual(['nvidia', 'nvidia', 'amd', 'amd']);
    expect(tools.gpus.memoryOf([31_337])).toBe(20_992 * MEBIBYTE + 61_192_323_072);
  });

  test('have no memory when the tool finds no devices', async () => {
    tools.answer = () => says('No devices were found\n', 6);
    expect(await tools.gpus.list()).toEqual([]);
    expect([tools.gpus.memoryOf([1]), tools.faults]).toEqual([null, []]);
  });
});

describe('a failing tool', () => {
  const noDriver = (): ToolResult => says(fixture('nvidia-smi-no-driver'), 9);
  beforeEach(() => {
    tools.installed.add('nvidia-smi');
  });

  test('invalidates the last readings, and is reported once', async () => {
    await tools.gpus.list();
    await tools.clock.advance(5_000);
    tools.answer = noDriver;
    expect(await tools.gpus.list()).toEqual([]);
    expect(tools.gpus.memoryOf([31_337])).toBe(null);
    await tools.clock.advance(60 * MINUTE_MS);
    expect(await tools.gpus.list()).toEqual([]);
    expect(tools.faults).toEqual([expect.stringContaining("couldn't communicate with the NVIDIA driver")]);
    expect(tools.faults[0]).toContain('/bin/nvidia-smi cannot read the GPUs');
  });

  test('is retried with growing pauses up to ten minutes, until it answers', async () => {
    tools.answer = noDriver;
    const attempts: number[] = [];
    const start = tools.clock.now();
    let calls = 0;
    while (tools.clock.now() < start + 40 * MINUTE_MS) {
      await tools.gpus.list();
      if (tools.calls.length > calls) attempts.push((tools.clock.now() - start) / 1_000);
      calls = tools.calls.length;
      await tools.clock.advance(10_000);
    }
    expect(attempts).toEqual([0, 30, 90, 210, 450, 930, 1_530, 2_130]);
    tools.answer = nvidia;
    await tools.clock.advance(10 * MINUTE_MS);
    expect((await tools.gpus.list()).length).toBe(2);
    tools.answer = noDriver;
    await tools.clock.advance(5_000);
    await tools.gpus.list();
    expect(tools.faults.length).toBe(2);
  });

  test('delays no caller for long when it hangs', async () => {
    let reject: (error: Error) => void = () => undefined;
    tools.answer = () =>
      new Promise((_resolve, refuse) => {
        reject = refuse;
      });
    const listed = tools.gpus.list();
    await tools.clock.advance(1_500);
    expect(await listed).toEqual([]);
    const again = tools.gpus.list();
    await tools.clock.advance(1_500);
    expect(await again).toEqual([]);
    expect(tools.calls.length).toBe(1);
    reject(new Error('it did not end within 5 seconds and was killed'));
    await tools.clock.flush();
    await tools.gpus.list();
    expect([tools.calls.length, tools.faults.length, tools.clock.pending]).toEqual([1, 1, []]);
  });

  test('is replaced by another tool of the same vendor', async () => {
    tools.installed.clear();
    for (const tool of ['amd-smi', 'rocm-smi']) tools.installed.add(tool);
    tools.answer = (command, args) => {
      if (command === '/bin/amd-smi') return says(fixture('amd-smi-no-driver'), 255);
      return says(fixture(args.includes('--showpids') ? 'rocm-smi-processes' : 'rocm-smi-gpus-6.2'));
    };
    expect(await tools.gpus.list()).toEqual([]);
    await tools.clock.advance(30_000);
    expect((await tools.gpus.list()).length).toBe(2);
    await tools.clock.advance(10_000);
    expect((await tools.gpus.list()).length).toBe(2);
  });
});

describe('Gpus for a start', () => {
  test('reads the GPUs at once, also soon after another reading', async () => {
    tools.installed.add('nvidia-smi');
    await tools.gpus.list();
    const calls = tools.calls.length;
    await tools.gpus.list();
    expect(tools.calls).toHaveLength(calls);
    expect(await tools.gpus.listNow()).toEqual(await tools.gpus.list());
    expect(tools.calls).toHaveLength(2 * calls);
  });

  test('does not search for a missing tool again', async () => {
    await tools.gpus.listNow();
    const searched = tools.searched.length;
    expect(await tools.gpus.listNow()).toEqual([]);
    expect(tools.searched).toHaveLength(searched);
  });
});
