import { describe, expect, it } from 'vitest';
import { gpusSeen, roomsOn } from './visible-gpus.ts';

const GPUS = ['nvidia:0', 'nvidia:1', 'nvidia:2', 'amd:0'];
const IDS: Record<string, string[]> = {
  'nvidia:0': ['GPU-8932f937-d72c'],
  'nvidia:1': ['GPU-0c2e0000-aaaa', 'MIG-5d5ba0d6-d33d'],
  'nvidia:2': ['GPU-0c2e1111-bbbb'],
};
const used = (
  environment: Record<string, string>,
  devices: string[] | null = null,
  gpus = GPUS,
  ids: Record<string, string[]> = {},
): string[] | null =>
  gpusSeen(
    gpus.map((device) => ({ device, ids: ids[device] ?? [] })),
    { environment, devices },
  )?.used ?? null;

describe('the GPUs that an engine uses', () => {
  it('are all, if nothing hides them', () => {
    expect(used({})).toEqual(GPUS);
  });

  it.each([
    ['2,0', ['nvidia:2', 'nvidia:0', 'amd:0']],
    ['1', ['nvidia:1', 'amd:0']],
    ['', ['amd:0']],
    ['-1', ['amd:0']],
    ['0,7,1', ['nvidia:0', 'amd:0']],
  ])('are those of CUDA_VISIBLE_DEVICES=%s', (list, gpus) => {
    expect(used({ CUDA_VISIBLE_DEVICES: list })).toEqual(gpus);
  });

  it('are those of HIP_VISIBLE_DEVICES', () => {
    expect(used({ HIP_VISIBLE_DEVICES: '' })).toEqual(['nvidia:0', 'nvidia:1', 'nvidia:2']);
  });

  it('are those of the option, which counts only those that the engine sees', () => {
    expect(used({}, ['CUDA1'])).toEqual(['nvidia:1']);
    expect(used({ CUDA_VISIBLE_DEVICES: '2,0' }, ['CUDA1', 'ROCm0'])).toEqual(['nvidia:0', 'amd:0']);
    expect(used({}, ['none'])).toEqual([]);
  });

  it.each<[Record<string, string>, string[] | null]>([
    [{ CUDA_VISIBLE_DEVICES: 'GPU-8932f937' }, null],
    [{ HIP_VISIBLE_DEVICES: '0', ROCR_VISIBLE_DEVICES: '0' }, null],
    [{ GGML_VK_VISIBLE_DEVICES: '0' }, null],
    [{}, ['Vulkan1']],
  ])('are unknown with %j and %j', (environment, devices) => {
    expect(used(environment, devices)).toBe(null);
  });

  it.each([
    ['GPU-8932f937-d72c', ['nvidia:0']],
    ['GPU-0c2e1,gpu-8932F', ['nvidia:2', 'nvidia:0']],
    ['1,GPU-8932f937-d72c', ['nvidia:1', 'nvidia:0']],
    ['GPU-8932,GPU-ffff,1', ['nvidia:0']],
    ['MIG-5d5ba0d6-d33d', ['nvidia:1']],
    ['MIG-GPU-0c2e0000-aaaa/1/0', ['nvidia:1']],
    ['MIG-0000', null],
    ['GPU-0c2e', null],
    ['nvidia', null],
  ])('are those of CUDA_VISIBLE_DEVICES=%s, if the tool reports UUIDs', (list, gpus) => {
    const nvidia = GPUS.slice(0, 3);
    expect(used({ CUDA_VISIBLE_DEVICES: list }, null, nvidia, IDS)).toEqual(gpus);
    const option = used({ CUDA_VISIBLE_DEVICES: list }, ['CUDA0'], nvidia, IDS);
    expect(option).toEqual(gpus === null ? null : gpus.slice(0, 1));
  });

  it('are known by number only if CUDA counts as the tool does', () => {
    const nvidia = GPUS.slice(0, 3);
    const order = { CUDA_DEVICE_ORDER: 'FASTEST_FIRST' };
    expect(used(order, null, nvidia, IDS)).toBe(null);
    expect(used({ ...order, CUDA_VISIBLE_DEVICES: '1' }, null, nvidia, IDS)).toBe(null);
    expect(used({ ...order, CUDA_VISIBLE_DEVICES: 'GPU-0c2e1,GPU-8932' }, null, nvidia, IDS)).toEqual([
      'nvidia:2',
      'nvidia:0',
    ]);
    expect(used(order, null, ['nvidia:0'])).toEqual(['nvidia:0']);
    expect(used({ CUDA_DEVICE_ORDER: 'PCI_BUS_ID' }, null, nvidia)).toEqual(nvidia);
  });

  it('are none on a machine without GPUs', () => {
    expect(used({ GGML_VK_VISIBLE_DEVICES: '0' }, null, [])).toEqual([]);
  });
});

it('rooms on them follow that of RAM', () => {
  const rooms = ['ram', 'nvidia:0', 'nvidia:1'].map((device) => ({ device }));
  expect(roomsOn(rooms, ['nvidia:1', 'nvidia:0']).map(({ device }) => device)).toEqual(['ram', 'nvidia:1', 'nvidia:0']);
});
