import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parseRocmGpus, parseRocmProcesses, ROCM_SMI } from './rocm-smi.ts';

const fixture = (name: string): string =>
  readFileSync(new URL(`../fixtures/rocm-smi-${name}.txt`, import.meta.url), 'utf8');

describe('what rocm-smi tells of GPUs', () => {
  test('is read in the form of ROCm 5; a number of the PCI list is no name', () => {
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

  test('is read in the form of ROCm 6, behind a warning; a second die has no power of its own', () => {
    expect(parseRocmGpus(fixture('gpus-6.2'))).toMatchObject([
      { index: 0, name: 'AMD Instinct MI250X', temperature: 41, power: 96, utilization: 0 },
      { index: 1, name: 'AMD Instinct MI250X', temperature: 39, power: null, memory_usage: 61_203_283_968 },
    ]);
  });
});

describe('what rocm-smi tells of processes', () => {
  test('is found behind names with commas, and unknown where it does not tell', () => {
    expect([...parseRocmProcesses(fixture('processes'))]).toEqual([
      [31_337, 61_192_323_072],
      [4_242, 6_352_367_616],
      [5_151, null],
    ]);
  });

  test('is nothing when there are none', () => {
    expect(parseRocmProcesses(fixture('no-processes')).size).toBe(0);
  });
});

describe('rocm-smi', () => {
  test('fails with its own words', async () => {
    const read = ROCM_SMI.read(async () => ({ code: 0, stdout: '', stderr: fixture('no-driver') }), new Map());
    await expect(read).rejects.toThrow('Driver not initialized');
  });

  test('is asked for both', async () => {
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
