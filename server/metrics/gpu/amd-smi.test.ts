import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { AMD_SMI, parseAmdGpus, parseAmdNames, parseAmdProcesses } from './amd-smi.ts';
import type { CallTool } from './reading.ts';

const MEBIBYTE = 1_048_576;
const fixture = (name: string): string =>
  readFileSync(new URL(`../fixtures/amd-smi-${name}.txt`, import.meta.url), 'utf8');

describe('parseAmdGpus', () => {
  test('reads the format of ROCm 6', () => {
    expect(parseAmdGpus(fixture('metrics-6.2'), parseAmdNames(fixture('names-6.2')))).toEqual([
      {
        index: 0,
        vendor: 'amd',
        name: 'AMD Radeon Pro W7700',
        memory_total: 16_368 * MEBIBYTE,
        memory_usage: 5_021 * MEBIBYTE,
        utilization: 42,
        temperature: 44,
        power: 20,
      },
    ]);
  });

  test('reads the format of ROCm 7, with the hotspot where there is no edge sensor', () => {
    expect(parseAmdGpus(fixture('metrics-7.1'), parseAmdNames(fixture('names-7.1')))).toMatchObject([
      { index: 0, name: 'AMD Instinct MI300X', utilization: 100, temperature: 71, power: 748 },
      { index: 1, name: 'AMD GPU', memory_usage: 128 * MEBIBYTE, utilization: null, temperature: null, power: null },
    ]);
  });
});

describe('parseAmdProcesses', () => {
  test('reads the format of ROCm 6', () => {
    const { memoryByPid, memoryByGpu } = parseAmdProcesses(fixture('processes-6.2'));
    expect([...memoryByPid]).toEqual([[31_337, 5_263_851_520]]);
    expect([...(memoryByGpu.get(31_337) ?? [])].map(([, bytes]) => bytes)).toEqual([5_263_851_520]);
  });

  test('sums memory over all GPUs, or returns null where the tool reports none', () => {
    expect([...parseAmdProcesses(fixture('processes-7.1')).memoryByPid]).toEqual([
      [31_337, 1_536 * MEBIBYTE],
      [4_242, null],
    ]);
  });
});

describe('AMD_SMI', () => {
  const answering =
    (version: string, calls: string[] = []): CallTool =>
    async ([command = '']) => {
      calls.push(command);
      const file = { static: 'names', metric: 'metrics', process: 'processes' }[command] ?? '';
      return { code: 0, stdout: fixture(`${file}-${version}`), stderr: '' };
    };

  test.each(['6.2', '7.1'])('reads all three of ROCm %s, but the names only once', async (version) => {
    const calls: string[] = [];
    const names = new Map<number, string>();
    const first = await AMD_SMI.read(answering(version, calls), names);
    const second = await AMD_SMI.read(answering(version, calls), names);
    expect(calls).toEqual(['metric', 'static', 'process', 'metric', 'process']);
    expect(second).toEqual(first);
    expect(first.memoryByPid.has(31_337)).toBe(true);
  });

  test("fails with the tool's message", async () => {
    const read = AMD_SMI.read(async () => ({ code: 255, stdout: fixture('no-driver'), stderr: '' }), new Map());
    await expect(read).rejects.toThrow('Unable to detect any GPU devices');
  });

  test('fails on an incomplete document', async () => {
    await expect(
      AMD_SMI.read(async () => ({ code: 0, stdout: '[{"gpu": 0}, {"gpu', stderr: '' }), new Map()),
    ).rejects.toThrow('JSON');
  });
});
