import { describe, expect, it } from 'vitest';
import { FakeClock } from '../testing/fake-clock.ts';
import { createEngineDevices, parseDevices } from './engine-devices.ts';

const MEBIBYTE = 1_048_576;
const LIST = `load_backend: loaded CUDA backend
Available devices:
  CUDA0: NVIDIA GeForce RTX 4090 (24217 MiB, 23500 MiB free)
  RPC[192]: odd
  BLAS: OpenBLAS
`;

describe('the list of devices', () => {
  it('has the name, the description and the memory of each', () => {
    expect(parseDevices(LIST)).toEqual([
      {
        name: 'CUDA0',
        description: 'NVIDIA GeForce RTX 4090',
        memory_total: 24_217 * MEBIBYTE,
        memory_free: 23_500 * MEBIBYTE,
      },
      { name: 'BLAS', description: 'OpenBLAS', memory_total: null, memory_free: null },
    ]);
  });

  it('is empty if the engine has only the CPU', () => {
    expect(parseDevices('Available devices:\n  (none)\n')).toEqual([]);
  });

  it('is unknown in another text', () => {
    expect(parseDevices('error: invalid argument: --list-devices')).toBeNull();
  });
});

describe('the devices of an engine', () => {
  it('are asked at most once a minute', async () => {
    const clock = new FakeClock();
    const calls: string[][] = [];
    const devices = createEngineDevices(async (command, args) => {
      calls.push([command, ...args]);
      return { code: 0, stdout: LIST, stderr: '' };
    }, clock);
    const launcher = { command: '/llama-server', args: ['--x'] };
    expect(await devices.of(launcher)).toHaveLength(2);
    await devices.of(launcher);
    expect(calls).toEqual([['/llama-server', '--x', '--list-devices']]);
    await clock.advance(60_000);
    await devices.of(launcher);
    expect(calls).toHaveLength(2);
  });

  it('are unknown if the program fails', async () => {
    const failing = createEngineDevices(async () => ({ code: 1, stdout: LIST, stderr: '' }), new FakeClock());
    expect(await failing.of({ command: 'x', args: [] })).toBeNull();
    const missing = createEngineDevices(async () => Promise.reject(new Error('gone')), new FakeClock());
    expect(await missing.of({ command: 'x', args: [] })).toBeNull();
  });
});
