import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { NVIDIA_SMI, parseNvidiaGpus, parseNvidiaIds, parseNvidiaProcesses } from './nvidia-smi.ts';

const MEBIBYTE = 1_048_576;
const fixture = (name: string): string =>
  readFileSync(new URL(`../fixtures/nvidia-smi-${name}.txt`, import.meta.url), 'utf8');

describe('parseNvidiaGpus', () => {
  test('reads rows, with memory in MiB', () => {
    expect(parseNvidiaGpus(fixture('gpus-535'))).toEqual([
      {
        index: 0,
        vendor: 'nvidia',
        name: 'NVIDIA GeForce RTX 4090',
        memory_total: 24_564 * MEBIBYTE,
        memory_usage: 21_873 * MEBIBYTE,
        utilization: 87,
        temperature: 64,
        power: 341.55,
      },
      {
        index: 1,
        vendor: 'nvidia',
        name: 'NVIDIA GeForce RTX 3060',
        memory_total: 12_288 * MEBIBYTE,
        memory_usage: 6 * MEBIBYTE,
        utilization: 0,
        temperature: 38,
        power: 13.02,
      },
    ]);
  });

  test('returns null for unsupported values', () => {
    expect(parseNvidiaGpus(fixture('gpus-old'))[1]).toMatchObject({
      name: 'GeForce GT 710',
      memory_usage: 245 * MEBIBYTE,
      utilization: null,
      temperature: 41,
      power: null,
    });
  });

  test('returns no memory for unified memory', () => {
    expect(parseNvidiaGpus(fixture('gpus-580-unified'))).toEqual([
      {
        index: 0,
        vendor: 'nvidia',
        name: 'NVIDIA GB10',
        memory_total: null,
        memory_usage: null,
        utilization: 0,
        temperature: 35,
        power: 11.17,
      },
    ]);
  });

  test('returns no memory where a partition may not see it', () => {
    expect(
      parseNvidiaGpus(fixture('gpus-partitioned')).map(({ memory_total, utilization }) => [memory_total, utilization]),
    ).toEqual([
      [null, null],
      [81_559 * MEBIBYTE, null],
    ]);
  });

  test('skips messages about lost boards, and reads names with commas', () => {
    expect(parseNvidiaGpus(fixture('gpus-lost'))).toMatchObject([
      { index: 1, name: 'NVIDIA RTX A6000, Rev. A', memory_total: 49_140 * MEBIBYTE, power: null },
      { index: 2, name: 'NVIDIA RTX A6000', memory_total: null, temperature: null },
    ]);
  });
});

describe('parseNvidiaProcesses', () => {
  test('sums memory over all GPUs, or returns null where the tool reports none', () => {
    expect([...parseNvidiaProcesses(fixture('processes')).memoryByPid]).toEqual([
      [31_337, 20_992 * MEBIBYTE],
      [4_242, 1_024 * MEBIBYTE],
      [5_151, null],
      [6_161, null],
    ]);
  });

  test('returns nothing without processes', () => {
    expect(parseNvidiaProcesses('\n').memoryByPid.size).toBe(0);
  });

  test('sums memory on each GPU whose number is known', () => {
    const rows = '42, 100, GPU-aa\n42, 20, GPU-bb\n42, 3, GPU-aa\n43, 5, GPU-cc\n44, [N/A], GPU-aa\n';
    const uuids = new Map([
      [0, 'GPU-aa'],
      [1, 'GPU-bb'],
    ]);
    const { memoryByGpu, memoryByPid } = parseNvidiaProcesses(rows, uuids);
    expect([...memoryByGpu].map(([pid, gpus]) => [pid, [...gpus]])).toEqual([
      [
        42,
        [
          [0, 103 * MEBIBYTE],
          [1, 20 * MEBIBYTE],
        ],
      ],
    ]);
    expect(memoryByPid.get(42)).toBe(123 * MEBIBYTE);
  });
});

describe('NVIDIA_SMI', () => {
  const asked = async (answer: { code: number; stdout: string }): Promise<unknown> =>
    NVIDIA_SMI.read(async () => ({ stderr: '', ...answer }), new Map());

  test.each([
    ['no-driver', 9, /couldn't communicate with the NVIDIA driver/],
    ['mismatch', 18, /^Failed to initialize NVML: Driver\/library version mismatch$/],
  ])("fails with the tool's message: %s", async (name, code, words) => {
    await expect(asked({ code, stdout: fixture(name) })).rejects.toThrow(words);
  });

  test('accepts a tool that finds no devices', async () => {
    expect(await asked({ code: 6, stdout: 'No devices were found\n' })).toEqual({
      gpus: [],
      memoryByPid: new Map(),
      memoryByGpu: new Map(),
    });
  });

  test('fails when processes are missing: 0 would be wrong', async () => {
    const read = NVIDIA_SMI.read(
      async ([query]) =>
        query?.startsWith('--query-gpu') === true
          ? { code: 0, stdout: fixture('gpus-535'), stderr: '' }
          : { code: 2, stdout: 'Invalid argument', stderr: '' },
      new Map(),
    );
    await expect(read).rejects.toThrow('Invalid argument');
  });
});

const LIST = `GPU 0: NVIDIA A100-SXM4-40GB (UUID: GPU-aa)
  MIG 1g.5gb      Device  0: (UUID: MIG-c6d4)
  MIG 3g.20gb     Device  1: (UUID: MIG-45d7)
GPU 1: NVIDIA RTX A6000, Rev. (A) (UUID: GPU-bb)
`;

describe('the UUIDs of GPUs', () => {
  test('are those of the GPUs and of their MIG devices', () => {
    expect([...parseNvidiaIds(LIST)]).toEqual([
      [0, 'GPU-aa MIG-c6d4 MIG-45d7'],
      [1, 'GPU-bb'],
    ]);
  });

  test('stand in each reading, also if a tool lists none', async () => {
    const read = async (list: string): Promise<unknown> => {
      const { gpus } = await NVIDIA_SMI.read(async ([query = '']) => {
        const answer = query === '-L' ? list : query.startsWith('--query-gpu') ? fixture('gpus-535') : '';
        return { code: 0, stderr: '', stdout: answer };
      }, new Map());
      return gpus.map(({ uuid, slices }) => [uuid, slices]);
    };
    const [, ...others] = parseNvidiaGpus(fixture('gpus-535'));
    const unknown = others.map(() => [undefined, undefined]);
    expect(await read('GPU 0: A (UUID: GPU-aa)\n')).toEqual([['GPU-aa', undefined], ...unknown]);
    expect(await read(LIST)).toEqual([
      ['GPU-aa', ['MIG-c6d4', 'MIG-45d7']],
      ['GPU-bb', undefined],
    ]);
    expect(await read('')).toEqual([[undefined, undefined], ...unknown]);
  });
});

describe('the numbers of GPUs', () => {
  test('are asked for once, and again only for a GPU that is new', async () => {
    const asked: string[] = [];
    const names = new Map<number, string>();
    let uuids = ['GPU-aa'];
    const read = () =>
      NVIDIA_SMI.read(async ([query = '']) => {
        asked.push(query);
        if (query === '-L') return { code: 0, stderr: '', stdout: LIST };
        const rows = uuids.map((uuid, index) => `${42 + index}, 10, ${uuid}`).join('\n');
        return { code: 0, stderr: '', stdout: query.startsWith('--query-gpu') ? fixture('gpus-535') : rows };
      }, names);
    expect([...((await read()).memoryByGpu.get(42) ?? [])]).toEqual([[0, 10 * MEBIBYTE]]);
    uuids = ['GPU-bb', 'GPU-of-nobody'];
    expect([...((await read()).memoryByGpu.get(42) ?? [])]).toEqual([[1, 10 * MEBIBYTE]]);
    expect((await read()).memoryByGpu.has(43)).toBe(false);
    expect(asked.filter((query) => query === '-L')).toHaveLength(2);
  });
});
