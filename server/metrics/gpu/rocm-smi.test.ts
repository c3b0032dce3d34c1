import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parseRocmGpus, parseRocmProcesses, ROCM_SMI } from './rocm-smi.ts';

const fixture = (name: string): string =>
  readFileSync(new URL(`../fixtures/rocm-smi-${name}.txt`, import.meta.url), 'utf8');

describe('parseRocmGpus', () => {
  test('reads the format of ROCm 5, where a PCI id is not a name', () => {
    expect(parseRocmGpus(fixture('gpus-5.7'))).toEqual([
      {
        index: 0,
        vendor: 'amd',
        name: 'Navi 31 [Radeon RX 7900 XT/7900 XTX]',
        memory_total: 25_753_026_560,
        memory_usage: 794_341_376,
        utilization: 12,
        temperature: 49,
        power: 19,
      },
      {
        index: 1,
        vendor: 'amd',
        name: 'AMD GPU',
        memory_total: 536_870_912,
        memory_usage: 37_675_008,
        utilization: 0,
        temperature: 36,
        power: null,
      },
    ]);
  });

  test('reads the format of ROCm 6 after a warning; a second die has no power', () => {
    expect(parseRocmGpus(fixture('gpus-6.2'))).toMatchObject([
      { index: 0, name: 'AMD Instinct MI250X', temperature: 41, power: 96, utilization: 0 },
      { index: 1, name: 'AMD Instinct MI250X', temperature: 39, power: null, memory_usage: 61_203_283_968 },
    ]);
  });
});

describe('parseRocmProcesses', () => {
  test('reads memory after names with commas, or returns null where the tool reports none', () => {
    expect([...parseRocmProcesses(fixture('processes'))]).toEqual([
      [31_337, 61_192_323_072],
      [4_242, 6_352_367_616],
      [5_151, null],
    ]);
  });

  test('returns nothing without processes', () => {
    expect(parseRocmProcesses(fixture('no-processes')).size).toBe(0);
  });
});

describe('ROCM_SMI', () => {
  test("fails with the tool's message", async () => {
    const read = ROCM_SMI.read(async () => ({ code: 0, stdout: '', stderr: fixture('no-driver') }), new Map());
    await expect(read).rejects.toThrow('Driver not initialized');
  });

  test('reads GPUs and processes', async () => {
    const read = await ROCM_SMI.read(
      async (args) => ({
        code: 0,
        stdout: fixture(args.includes('--showpids') ? 'processes' : 'gpus-6.2'),
        stderr: '',
      }),
      new Map(),
    );
    expect([read.gpus.length, read.memoryByPid.size]).toEqual([2, 3]);
  });
});
