import { describe, expect, it } from 'vitest';
import { deviceNeeds, raisedTo } from './engine-report.ts';

const row = (device: string, weights = 1, cache = 2, compute = 3) => ({ device, weights, cache, compute });
const MB = 1_000_000;

describe('deviceNeeds', () => {
  it.each([
    ['CUDA1', ['nvidia:0', 'nvidia:1'], 'nvidia:1'],
    ['ROCm0', ['nvidia:0', 'amd:0'], 'amd:0'],
    ['Vulkan0', ['amd:0'], 'amd:0'],
  ])('names %s among %j as %s', (name, gpus, device) => {
    expect(deviceNeeds({ devices: [row(name), row('ram')] }, gpus, [])?.map((need) => need.device)).toEqual([
      device,
      'ram',
    ]);
  });

  it('is unknown if the device may be one of several, or none is known', () => {
    expect(deviceNeeds({ devices: [row('Vulkan0')] }, ['nvidia:0', 'amd:0'], [])).toBe(null);
    expect(deviceNeeds({ devices: [row('CUDA0')] }, [], [])).toBe(null);
  });

  it('has at least what the report leaves out', () => {
    expect(deviceNeeds({ devices: [row('ram', 5, 1, 3)] }, [], [row('ram', 4, 2, 3)])).toEqual([
      { ...row('ram', 5, 2, 3), isReported: true },
    ]);
  });
});

describe('raisedTo', () => {
  it('adds what a run used beyond its need and its program', () => {
    const [raised] = raisedTo([row('ram', 100 * MB, 0, 0)], { ram: 350 * MB, gpus: null });
    expect(raised).toEqual({ ...row('ram', 100 * MB, 0, 0), surplus: 150 * MB });
    expect(raised === undefined ? [] : raisedTo([raised], { ram: 300 * MB, gpus: null })).toEqual([raised]);
  });

  it('leaves out files in RAM whose weights are on a GPU', () => {
    const needs = [row('ram', 100 * MB, 0, 0), row('nvidia:0', 500 * MB, 0, 0)];
    expect(raisedTo(needs, { ram: 700 * MB, gpus: null })).toEqual(needs);
  });

  it('never makes a need smaller', () => {
    expect(raisedTo([row('ram'), row('nvidia:0')], { ram: 1, gpus: 1 })).toEqual([row('ram'), row('nvidia:0')]);
  });

  it('counts the use of GPUs only if there is one', () => {
    const use = { ram: 0, gpus: 600 * MB };
    expect(raisedTo([row('nvidia:0', 0, 0, 0)], use)).toEqual([row('nvidia:0', 0, 0, 100 * MB)]);
    const two = [row('nvidia:0'), row('nvidia:1')];
    expect(raisedTo(two, use)).toEqual(two);
  });
});
