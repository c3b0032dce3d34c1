import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { demoModelBytes } from '../../cli/quickstart/demo-model.ts';
import type { DeviceRoom, LaunchNeed } from '../instances/ports/machine-memory.ts';
import { llamaEngines } from '../testing/small-machine.ts';
import { EstimatedNeeds } from './launch-needs.ts';
import { ModelMemories } from './model-memory.ts';

const MEBIBYTE = 1_048_576;

let folder: string;
let file: string;

beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'llamactl-needs-'));
  file = path.join(folder, 'demo.gguf');
  await writeFile(file, demoModelBytes());
});
afterEach(() => rm(folder, { recursive: true }));

const rooms = (ram: number, gpu?: number): DeviceRoom[] => [
  { device: 'ram', total: ram * MEBIBYTE, free: ram * MEBIBYTE },
  ...(gpu === undefined ? [] : [{ device: 'nvidia:0', total: gpu * MEBIBYTE, free: gpu * MEBIBYTE }]),
];

async function need(words: string, now: DeviceRoom[], alone = now, engine = 'llama_cpp'): Promise<LaunchNeed | null> {
  const needs = new EstimatedNeeds({
    engines: llamaEngines(),
    memories: new ModelMemories(),
    processor: async () => 'other',
  });
  const argv = ['--model', file, ...words.split(' ')];
  const plan = { command: 'llama-server', argv, environment: {}, keyVariable: null, port: 1, healthPath: '/' };
  return needs.of({ engine, plan }, now, alone);
}

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

it('suggests options if it does not fit alone', async () => {
  expect((await need('-c 4096', rooms(8_192)))?.suggestions).toEqual([]);
  expect((await need('-c 1000000', rooms(300)))?.suggestions[0]).toMatch(/^a context of \d+ tokens$/);
});

it('is unknown for another engine and for a file that is no model', async () => {
  expect(await need('-c 4096', rooms(8_192), rooms(8_192), 'custom')).toBe(null);
  await writeFile(file, 'no model');
  expect(await need('-c 4096', rooms(8_192))).toBe(null);
  await rm(file);
  expect(await need('-c 4096', rooms(8_192))).toBe(null);
});
