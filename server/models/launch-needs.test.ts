import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { demoModelBytes } from '../../cli/quickstart/demo-model.ts';
import type { DeviceRoom, LaunchNeed } from '../instances/ports/machine-memory.ts';
import type { FittedProjection } from '../instances/ports/memory-projection.ts';
import type { LaunchPlan } from '../instances/ports/runs.ts';
import { llamaEngines, plainFits } from '../testing/small-machine.ts';
import { EstimatedNeeds } from './launch-needs.ts';
import { LaunchFigures } from './launch-figures.ts';

const MEBIBYTE = 1_048_576;

let folder: string;
let file: string;
let figures: LaunchFigures;

beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'llamactl-needs-'));
  file = path.join(folder, 'demo.gguf');
  await writeFile(file, demoModelBytes());
  figures = new LaunchFigures(path.join(folder, 'figures'));
});
afterEach(() => rm(folder, { recursive: true }));

const rooms = (ram: number, gpu?: number): DeviceRoom[] => [
  { device: 'ram', total: ram * MEBIBYTE, free: ram * MEBIBYTE },
  ...(gpu === undefined ? [] : [{ device: 'nvidia:0', total: gpu * MEBIBYTE, free: gpu * MEBIBYTE }]),
];

const needs = (): EstimatedNeeds =>
  new EstimatedNeeds({
    engines: llamaEngines(),
    fits: plainFits(figures),
    figures,
    inherited: { CUDA_VISIBLE_DEVICES: '0' },
  });

function launchOf(words: string, engine = 'llama_cpp'): { engine: string; plan: LaunchPlan } {
  const argv = ['--model', file, ...words.split(' ')];
  return {
    engine,
    plan: { command: 'llama-server', argv, environment: {}, keyVariable: null, port: 1, healthPath: '/' },
  };
}

const need = (words: string, now: DeviceRoom[], alone = now, engine?: string): Promise<LaunchNeed | null> =>
  needs().of(launchOf(words, engine), now, alone);

it('has a margin, and the part that must be there has neither margin nor mapped weights', async () => {
  const [ram] = (await need('-c 4096', rooms(8_192)))?.devices ?? [];
  const [locked] = (await need('-c 4096 --no-mmap', rooms(8_192)))?.devices ?? [];
  if (ram === undefined || locked === undefined) throw new Error('no need');
  expect(ram.whole).toBeGreaterThan(ram.resident);
  expect(ram.resident).toBeGreaterThan(ram.least + 100_000_000);
  expect([locked.whole, locked.resident]).toEqual([ram.whole, ram.whole]);
  expect(locked.least).toBeGreaterThan(ram.least + 1_000_000);
});

it('is for all that the engine would like if that fits now, else for what it would take alone', async () => {
  const onGpu = async (now: DeviceRoom[], alone: DeviceRoom[]): Promise<boolean> =>
    (await need('-c 4096', now, alone))?.devices.some(({ device }) => device === 'nvidia:0') ?? false;
  expect(await onGpu(rooms(8_192, 4_096), rooms(8_192, 4_096))).toBe(true);
  expect(await onGpu(rooms(8_192, 10), rooms(8_192, 4_096))).toBe(true);
  expect(await onGpu(rooms(8_192, 10), rooms(8_192, 10))).toBe(false);
});

it('says whether the engine makes itself smaller', async () => {
  expect((await need('--fit on', rooms(8_192, 4_096)))?.fills).toBeUndefined();
  expect((await need('--fit on', rooms(8_192, 10)))?.fills).toBe(true);
  expect((await need('-ngl 1', rooms(8_192, 10)))?.fills).toBeUndefined();
});

describe('an engine that chooses its own context', () => {
  const TOKENS = 1_000_000;
  const CONTEXT = 'llama.context_length';
  beforeEach(async () => {
    const bytes = Buffer.from(demoModelBytes());
    // After the key comes its type, then the number.
    bytes.writeUInt32LE(TOKENS, bytes.indexOf(CONTEXT) + CONTEXT.length + 4);
    await writeFile(file, bytes);
  });
  const onGpu = (known: Pick<LaunchNeed, 'devices'> | null | undefined): number =>
    known?.devices.find(({ device }) => device === 'nvidia:0')?.whole ?? 0;

  it('needs its smallest one on GPUs, and takes up to the trained one', async () => {
    const free = await need('--fit on', rooms(8_192, 8_192));
    expect([onGpu(free), onGpu(free?.upTo)]).toEqual([
      onGpu(await need('-c 4096', rooms(8_192, 8_192))),
      onGpu(await need(`-c ${TOKENS}`, rooms(8_192, 8_192))),
    ]);
    const between = Math.round((onGpu(free) + onGpu(free?.upTo)) / 2 / MEBIBYTE);
    expect(await need('--fit on', rooms(8_192, between), rooms(8_192, 8_192))).toEqual(free);
    expect(await need('--fit on', rooms(8_192, 10), rooms(8_192, 8_192))).toEqual(free);
  });

  it('needs all that it takes if the context is given, without a GPU, and within a limit that it does not know', async () => {
    const limited = rooms(8_192, 8_192).map((room) => ({ ...room, isLimited: true as const }));
    const [words, whole] = [`-c ${TOKENS}`, '--fit on'];
    for (const [asked, machine] of [
      [words, rooms(8_192, 8_192)],
      [whole, rooms(8_192)],
      [whole, limited],
    ] as const) {
      expect((await need(asked, machine))?.upTo).toBeUndefined();
    }
  });
});

it('is on the GPUs that the engine sees, and unknown if they have other names', async () => {
  const [ram, gpu] = rooms(8_192, 4_096);
  if (ram === undefined || gpu === undefined) throw new Error('no rooms');
  const machine = [ram, gpu, { ...gpu, device: 'nvidia:1' }];
  const usedBy = async (environment: Record<string, string>, words = '-c 4096'): Promise<string[] | undefined> => {
    const launch = launchOf(words);
    const known = await needs().of({ ...launch, plan: { ...launch.plan, environment } }, machine, machine);
    return known?.devices.map(({ device }) => device);
  };
  expect(await usedBy({})).toEqual(['ram', 'nvidia:0']);
  expect(await usedBy({ CUDA_VISIBLE_DEVICES: '1' })).toEqual(['ram', 'nvidia:1']);
  expect(await usedBy({ CUDA_VISIBLE_DEVICES: '0,1' }, '-c 4096 -dev CUDA1')).toEqual(['ram', 'nvidia:1']);
  expect(await usedBy({ CUDA_VISIBLE_DEVICES: 'GPU-1' })).toBeUndefined();
  const other = launchOf('-c 4096');
  const reported = await needs().projected(
    { ...other, plan: { ...other.plan, environment: { CUDA_VISIBLE_DEVICES: '1' } } },
    { devices: [{ device: 'CUDA0', weights: 1, cache: 1, compute: 1 }], isReduced: false },
    machine,
  );
  expect(reported?.devices.map(({ device }) => device)).toEqual(['nvidia:1']);
});

describe('on a machine with two GPUs', () => {
  const machine = (free: [number, number] = [4_096, 4_096]): DeviceRoom[] => [
    ...rooms(8_192),
    ...free.map((each, index) => ({
      device: `nvidia:${index}`,
      ids: [`GPU-${index}`],
      total: 4_096 * MEBIBYTE,
      free: each * MEBIBYTE,
    })),
  ];
  const placesIn = async (
    words: string,
    now: DeviceRoom[],
    { alone = now, devices = ['CUDA0', 'CUDA1'], placesEngines = true, environment = {} } = {},
  ): Promise<(string | null)[] | undefined> => {
    const engines = llamaEngines(devices);
    const placing = new EstimatedNeeds({ engines, fits: plainFits(figures), figures, inherited: {}, placesEngines });
    const launch = launchOf(words);
    const found = await placing.of({ ...launch, plan: { ...launch.plan, environment } }, now, alone);
    for (const { gpu, need: placed } of found?.places ?? []) {
      if (gpu !== null) expect(placed.devices.map(({ device }) => device)).toEqual(['ram', gpu]);
    }
    return found?.places?.map(({ gpu }) => gpu);
  };

  it('is for each GPU on which it fits alone, the freest first, and then for both', async () => {
    expect(await placesIn('-c 4096', machine([1_000, 2_000]))).toEqual(['nvidia:1', 'nvidia:0', null]);
    const [now, alone] = [machine([10, 1_000]), machine()];
    expect(await placesIn('-c 4096', now, { alone })).toEqual(['nvidia:1', 'nvidia:0', null]);
  });

  it('is for both alone if the model with all its context fits on none, or the GPUs were chosen', async () => {
    expect(await placesIn('-c 4096', machine([100, 100]))).toBeUndefined();
    expect(await placesIn('-c 4096 -sm row', machine())).toBeUndefined();
    expect(await placesIn('-c 4096', machine(), { environment: { CUDA_VISIBLE_DEVICES: '0,1' } })).toBeUndefined();
    expect(await placesIn('-c 4096', machine(), { devices: ['Vulkan0', 'Vulkan1'] })).toBeUndefined();
    // A script that hides a GPU.
    expect(await placesIn('-c 4096', machine(), { devices: ['CUDA0'] })).toBeUndefined();
    expect(await placesIn('-c 4096', machine(), { placesEngines: false })).toBeUndefined();
  });
});

it('is unknown once the program has reported a GPU that no tool measures, unless no layer is there', async () => {
  const report = (device: string): FittedProjection => ({
    devices: [{ device, weights: 1, cache: 1, compute: 1 }],
    isReduced: true,
  });
  await needs().projected(launchOf('-c 4096'), report('MTL0'), rooms(8_192));
  expect(await need('-c 8192', rooms(8_192))).not.toBe(null);
  expect((await needs().projected(launchOf('-c 4096'), report('Vulkan0'), rooms(8_192)))?.devices).toEqual([]);
  expect(await need('-c 8192', rooms(8_192))).toBe(null);
  expect(await need('-c 8192 -ngl 0', rooms(8_192))).not.toBe(null);
  expect(await need('-c 8192', rooms(8_192, 4_096))).not.toBe(null);
});

it('suggests options if it does not fit alone', async () => {
  expect((await need('-c 4096', rooms(8_192)))?.suggestions).toEqual([]);
  expect((await need('-c 1000000', rooms(300)))?.suggestions[0]?.label).toMatch(/^a context of \d+ tokens$/);
});

it('is unknown for another engine and for a file that is no model', async () => {
  expect(await need('-c 4096', rooms(8_192), rooms(8_192), 'custom')).toBe(null);
  await writeFile(file, 'no model');
  expect(await need('-c 4096', rooms(8_192))).toBe(null);
  await rm(file);
  expect(await need('-c 4096', rooms(8_192))).toBe(null);
});

describe('a launch that ran before', () => {
  const WORDS = '-c 4096';
  const report = (mebibytes: number, isReduced = false): FittedProjection => ({
    devices: [{ device: 'ram', weights: MEBIBYTE, cache: mebibytes * MEBIBYTE, compute: MEBIBYTE }],
    isReduced,
  });
  const whole = async (words = WORDS): Promise<[string, number]> => {
    const known = await need(words, rooms(8_192));
    return [known?.source ?? 'unknown', Math.round((known?.devices[0]?.whole ?? 0) / MEBIBYTE)];
  };
  const reported = (mebibytes: number, isReduced?: boolean): Promise<LaunchNeed | null> =>
    needs().projected(launchOf(WORDS), report(mebibytes, isReduced), rooms(8_192));

  it('needs what its engine reported, after a restart of the server too', async () => {
    expect((await whole())[0]).toBe('estimated');
    expect(await reported(1_000)).toMatchObject({ source: 'projected', devices: [{ device: 'ram' }] });
    const margin = 100_000_000 / MEBIBYTE;
    // Without the margin of an estimate.
    const expected = Math.round(1_002 * 1.02 + margin);
    expect(await whole()).toEqual(['projected', expected]);
    expect((await whole('-c 8192'))[0]).toBe('estimated');
    figures = new LaunchFigures(path.join(folder, 'figures'));
    expect((await whole())[0]).toBe('estimated');
    await figures.load();
    expect(await whole()).toEqual(['projected', expected]);
  });

  it('needs at least what it used', async () => {
    await reported(10);
    await needs().used(launchOf(WORDS), { ram: 2_000 * MEBIBYTE, gpus: null }, rooms(8_192));
    const [source, size] = await whole();
    expect(source).toBe('measured');
    expect(size).toBeGreaterThan(2_000);
    await needs().used(launchOf(WORDS), { ram: 5, gpus: null }, rooms(8_192));
    const again = await reported(10);
    expect([again?.source, Math.round((again?.devices[0]?.whole ?? 0) / MEBIBYTE)]).toEqual([source, size]);
    expect(await whole()).toEqual([source, size]);
  });

  it('is estimated again if its engine made the context smaller, or if the file has changed', async () => {
    await reported(1_000, true);
    expect((await whole())[0]).toBe('estimated');
    await reported(1_000);
    await writeFile(file, Buffer.concat([demoModelBytes(), Buffer.alloc(5)]));
    expect((await whole())[0]).toBe('estimated');
  });

  it('is estimated again if what it used may be less than it would like', async () => {
    await needs().used(launchOf('--fit on'), { ram: 2_000 * MEBIBYTE, gpus: null }, rooms(8_192));
    expect((await whole('--fit on'))[0]).toBe('estimated');
  });
});
