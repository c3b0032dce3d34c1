import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { FakeNvidiaSmi } from '@llamactl/server/testing/fake-nvidia-smi';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { testEngine, testModel } from '../scripts/test-assets.ts';
import { ServerProcess } from './server-process.ts';

/** Two GPUs of a fake tool, and the real engine, which says that it has them. */

let folder: string;
let server: ServerProcess;

beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'llamactl-two-gpus-'));
  const gpu = { name: 'NVIDIA GeForce RTX 4090', total: 24_564, load: 0 };
  await FakeNvidiaSmi.create(folder, [
    { ...gpu, used: 20_000 },
    { ...gpu, used: 100 },
  ]);
  const engine = path.join(folder, 'llama-server');
  const list = [
    'Available devices:',
    ...[0, 1].map((index) => `  CUDA${index}: ${gpu.name} (24564 MiB, 4000 MiB free)`),
  ];
  const script = `#!/bin/sh
[ "$1" = --list-devices ] && exec printf '%s\\n' ${list.map((line) => `'${line}'`).join(' ')}
exec '${testEngine()}' "$@"
`;
  await writeFile(engine, script, { mode: 0o755 });
  const search = `PATH=${folder}:${process.env['PATH'] ?? ''}`;
  server = await ServerProcess.create('', () => ['env', search]);
  await server.start();
});
afterEach(async () => {
  await server.dispose();
  await rm(folder, { recursive: true });
});

/** The variables of CUDA of the only engine. */
async function variablesOf(name: string): Promise<string[]> {
  expect((await server.call('POST', `/api/instances/${name}/start?wait=true`)).status).toBe(200);
  const engine = (await server.processes()).find(({ isWrapper }) => !isWrapper);
  const environment = await readFile(`/proc/${engine?.pid}/environ`, 'utf8');
  return environment
    .split('\0')
    .filter((variable) => variable.startsWith('CUDA_'))
    .toSorted();
}

it('an engine gets the GPU with most free memory, and estimates say so', async () => {
  const model_path = await testModel();
  const options = { ctx_size: 256, n_gpu_layers: 99 };
  await server.call('POST', '/api/instances', { name: 'a', model_path, options });
  const { body } = await server.call('POST', '/api/instances/a/estimate');
  expect(body).toMatchObject({ fits: true, per_device: [{ device: 'ram' }, { device: 'nvidia:1' }] });
  expect(await variablesOf('a')).toEqual(['CUDA_DEVICE_ORDER=PCI_BUS_ID', 'CUDA_VISIBLE_DEVICES=GPU-00000001']);
  expect((await server.instance('a')).restart_required).toBe(false);
});

it('an engine keeps the GPUs that its user chose', async () => {
  const model_path = await testModel();
  const environment = { CUDA_VISIBLE_DEVICES: '0' };
  await server.call('POST', '/api/instances', { name: 'a', model_path, options: { ctx_size: 256 }, environment });
  expect(await variablesOf('a')).toEqual(['CUDA_DEVICE_ORDER=PCI_BUS_ID', 'CUDA_VISIBLE_DEVICES=0']);
});
