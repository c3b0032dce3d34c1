import { describe, expect, it } from 'vitest';
import { gpusSeen, roomsOn } from './visible-gpus.ts';

const GPUS = ['nvidia:0', 'nvidia:1', 'nvidia:2', 'amd:0'];
const used = (environment: Record<string, string>, devices: string[] | null = null, gpus = GPUS): string[] | null =>
  gpusSeen(gpus, { environment, devices })?.used ?? null;

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

  it('are none on a machine without GPUs', () => {
    expect(used({ GGML_VK_VISIBLE_DEVICES: '0' }, null, [])).toEqual([]);
  });
});

it('rooms on them follow that of RAM', () => {
  const rooms = ['ram', 'nvidia:0', 'nvidia:1'].map((device) => ({ device }));
  expect(roomsOn(rooms, ['nvidia:1', 'nvidia:0']).map(({ device }) => device)).toEqual(['ram', 'nvidia:1', 'nvidia:0']);
});
