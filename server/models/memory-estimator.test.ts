import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { demoModelBytes } from '../../cli/quickstart/demo-model.ts';
import type { LaunchPlan } from '../instances/ports/runs.ts';
import { estimatorOn, type FakeRun, type SmallMachine } from '../testing/small-machine.ts';
import { type DraftSettings, draftSettings } from './launch-draft.ts';
import type { InternalEstimate } from './memory-estimator.ts';

const MEBIBYTE = 1_048_576;

let folder: string;
let file: string;

beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'llamactl-estimator-'));
  file = path.join(folder, 'demo.gguf');
  await writeFile(file, demoModelBytes());
});
afterEach(() => rm(folder, { recursive: true }));

function plan(words: string, model = file): LaunchPlan {
  const argv = ['--model', model, ...words.split(' ')];
  return { command: 'llama-server', argv, environment: {}, keyVariable: null, port: 1, healthPath: '/' };
}

function settings(words: string, engine = 'llama_cpp'): DraftSettings {
  return { ...draftSettings(engine, file), extra_args: words.split(' ') };
}

function holder(words: string, model?: string): FakeRun {
  return { id: 'other', engine: 'llama_cpp', plan: plan(words, model) };
}

async function estimateOn(
  machine: SmallMachine,
  words: string,
  devices: readonly string[] | null = null,
): Promise<InternalEstimate> {
  return estimatorOn(machine).estimate({ settings: settings(words), instance: null, devices });
}

const WITH_GPU: SmallMachine = { total: 8_192, available: 8_192, gpus: [{ total: 4_096, free: 2_048 }] };

describe('the estimator', () => {
  it('fills a GPU, unless the request leaves it out', async () => {
    const whole = await estimateOn(WITH_GPU, '-c 4096');
    expect([whole.gpu_layers, whole.per_device.map(({ device, weights }) => [device, weights > 1_000_000])]).toEqual([
      2,
      [
        ['ram', false],
        ['nvidia:0', true],
      ],
    ]);
    expect(whole.per_device[1]).toMatchObject({ total: 4_096 * MEBIBYTE, free: 2_048 * MEBIBYTE });
    const alone = await estimateOn(WITH_GPU, '-c 4096', ['ram']);
    expect([alone.gpu_layers, alone.per_device.map(({ device }) => device)]).toEqual([0, ['ram']]);
  });

  it('is for the GPUs that the engine sees, by number, UUID or option', async () => {
    const gpus = [
      { total: 4_096, free: 2_048, ids: ['GPU-aa'] },
      { total: 8_192, free: 8_000, ids: ['GPU-bb'] },
    ];
    const machine = { ...WITH_GPU, gpus };
    const usedBy = async (
      environment: Record<string, string>,
      words = '-c 4096',
      inherited = {},
    ): Promise<string[]> => {
      const launch = { settings: { ...settings(words), environment }, instance: null, devices: null };
      const { per_device: devices } = await estimatorOn({ ...machine, inherited }).estimate(launch);
      return devices.map(({ device }) => device);
    };
    expect(await usedBy({})).toEqual(['ram', 'nvidia:0', 'nvidia:1']);
    expect(await usedBy({ CUDA_VISIBLE_DEVICES: '1' })).toEqual(['ram', 'nvidia:1']);
    expect(await usedBy({ CUDA_VISIBLE_DEVICES: 'GPU-bb' })).toEqual(['ram', 'nvidia:1']);
    expect(await usedBy({}, '-c 4096', { CUDA_VISIBLE_DEVICES: '0' })).toEqual(['ram', 'nvidia:0']);
    expect(await usedBy({ CUDA_VISIBLE_DEVICES: '1,0' }, '-c 4096 -dev CUDA0')).toEqual(['ram', 'nvidia:1']);
    expect(await usedBy({ CUDA_VISIBLE_DEVICES: '' })).toEqual(['ram']);
  });

  it('is for the one of several GPUs that a start would get', async () => {
    const gpus = [
      { total: 4_096, free: 900, ids: ['GPU-aa'] },
      { total: 4_096, free: 2_048, ids: ['GPU-bb'] },
    ];
    const devicesOf = async (words: string): Promise<string[]> =>
      (await estimateOn({ ...WITH_GPU, gpus, placesEngines: true }, words)).per_device.map(({ device }) => device);
    expect(await devicesOf('-c 4096 -ngl 99')).toEqual(['ram', 'nvidia:1']);
    expect(await devicesOf('-c 4096 -ngl 99 -sm layer')).toEqual(['ram', 'nvidia:0', 'nvidia:1']);
  });

  it('is for all GPUs if it does not know which the engine sees, and says so', async () => {
    const launch = {
      settings: { ...settings('-c 4096'), environment: { CUDA_VISIBLE_DEVICES: 'GPU-ff' } },
      instance: null,
      devices: null,
    };
    const { per_device: devices, warnings } = await estimatorOn(WITH_GPU).estimate(launch);
    expect(devices.map(({ device }) => device)).toEqual(['ram', 'nvidia:0']);
    expect(warnings).toEqual([expect.stringMatching(/^llamactl does not know which GPUs the engine uses/)]);
  });

  it('keeps others running for an engine that chooses its own context', async () => {
    const bytes = Buffer.from(demoModelBytes());
    const key = 'llama.context_length';
    // After the key comes its type, then the number.
    bytes.writeUInt32LE(1_000_000, bytes.indexOf(key) + key.length + 4);
    await writeFile(file, bytes);
    const beside = (free: number): SmallMachine => ({
      ...WITH_GPU,
      gpus: [{ total: 4_096, free }],
      runs: () => [holder('-c 4096 -ngl 99')],
    });
    const [little, more] = [await estimateOn(beside(600), '--fit on'), await estimateOn(beside(1_000), '--fit on')];
    expect([little, more].map(({ fits, mustStop }) => [fits, mustStop])).toEqual([
      [true, []],
      [true, []],
    ]);
    expect(little.context).toBeGreaterThanOrEqual(4_096);
    expect(more.context).toBeGreaterThan(little.context);
    expect(await estimateOn(beside(5), '--fit on')).toMatchObject({ fits: false, mustStop: ['other'], context: 4_096 });
  });

  it('counts what others hold on each device', async () => {
    const held = await estimateOn({ ...WITH_GPU, runs: () => [holder('-c 100000 -ngl 0')] }, '-c 4096');
    expect(held.per_device[0]?.free).toBeLessThan(8_192 * MEBIBYTE);
    expect(held.per_device[1]?.free).toBe(2_048 * MEBIBYTE);
  });

  it('names the run that must end for a GPU', async () => {
    const machine = { ...WITH_GPU, gpus: [{ total: 4_096, free: 600 }], runs: () => [holder('-c 1000000 -ngl 99')] };
    expect(await estimateOn(machine, '-c 100000 -ngl 99')).toMatchObject({ fits: false, mustStop: ['other'] });
  });

  it('counts nothing for a run whose need is unknown', async () => {
    const unknown = [
      holder('-c 4096', '/nowhere/gone.gguf'),
      { ...holder('-c 4096'), engine: 'custom' },
      { ...holder('-c 4096'), plan: { ...plan('-c 4096'), argv: [] } },
    ];
    const { per_device: devices } = await estimateOn({ ...WITH_GPU, runs: () => unknown }, '-c 4096');
    expect(devices[0]?.free).toBe(8_192 * MEBIBYTE);
  });

  it('reads a file again when it has changed', async () => {
    const estimator = estimatorOn(WITH_GPU);
    const estimate = () => estimator.estimate({ settings: settings('-c 4096'), instance: null, devices: null });
    await estimate();
    await writeFile(file, demoModelBytes().subarray(0, 9_000));
    await expect(estimate()).rejects.toThrow('The memory of demo.gguf is unknown: it is cut off');
  });

  it('refuses an engine whose need it does not know', async () => {
    const launch = { settings: settings('-c 4096', 'custom'), instance: null, devices: null };
    await expect(estimatorOn(WITH_GPU).estimate(launch)).rejects.toThrow(
      'llamactl cannot estimate the memory of the engine custom.',
    );
    const unknown = { ...launch, settings: settings('-c 4096', 'vllm') };
    await expect(estimatorOn(WITH_GPU).estimate(unknown)).rejects.toThrow('engine must be one of llama_cpp, custom.');
  });
});
