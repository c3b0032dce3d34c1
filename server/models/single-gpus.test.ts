import { describe, expect, it } from 'vitest';
import { singleGpus } from './single-gpus.ts';
import type { KnownGpu } from './visible-gpus.ts';

const TWO: KnownGpu[] = [
  { device: 'nvidia:0', ids: ['GPU-a'] },
  { device: 'nvidia:1', ids: ['GPU-b'] },
];
const OPTIONS = { gpuLayers: null, picksGpus: false };

describe('the GPUs of which an engine may get one alone', () => {
  it('are those of NVIDIA, each with the variable that hides the others', () => {
    expect(singleGpus(TWO, {}, OPTIONS)).toEqual([
      { device: 'nvidia:0', variables: { CUDA_VISIBLE_DEVICES: 'GPU-a' } },
      { device: 'nvidia:1', variables: { CUDA_VISIBLE_DEVICES: 'GPU-b' } },
    ]);
  });

  it.each<[string, KnownGpu[]]>([
    ['there is only one', TWO.slice(0, 1)],
    ['one has no UUID', [...TWO, { device: 'nvidia:2', ids: [] }]],
    ['one is of another vendor', [...TWO, { device: 'amd:0', ids: [] }]],
    ['one has MIG devices', [...TWO, { device: 'nvidia:2', ids: ['GPU-c', 'MIG-d'] }]],
  ])('are none if %s', (_reason, gpus) => {
    expect(singleGpus(gpus, {}, OPTIONS)).toEqual([]);
  });

  it('are none if the user chose GPUs, or the engine uses none', () => {
    expect(singleGpus(TWO, { CUDA_VISIBLE_DEVICES: '0,1' }, OPTIONS)).toEqual([]);
    expect(singleGpus(TWO, {}, { ...OPTIONS, picksGpus: true })).toEqual([]);
    expect(singleGpus(TWO, {}, { ...OPTIONS, gpuLayers: 0 })).toEqual([]);
  });
});
