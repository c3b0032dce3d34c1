import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { ModelLibrary } from '@llamactl/server/models/library';
import { EventServer } from '@llamactl/server/testing/event-server';
import { scannedLibrary } from '@llamactl/server/testing/folder-library';
import { estimatorOn } from '@llamactl/server/testing/small-machine';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { demoModelBytes } from '../quickstart/demo-model.ts';
import { CommandSandbox } from '../testing/command-run.ts';

let folder: string;
let file: string;
let models: ModelLibrary;
let server: EventServer;
let sandbox: CommandSandbox;

beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'llamactl-estimate-'));
  file = path.join(folder, 'demo-Q8_0.gguf');
  await writeFile(file, demoModelBytes());
  models = await scannedLibrary(folder);
  const estimator = estimatorOn({ total: 2_048, available: 1_024, gpus: [{ total: 4_096, free: 2_048 }] });
  server = await EventServer.open({ models, estimator });
  sandbox = new CommandSandbox();
  sandbox.environment['LLAMACTL_URL'] = server.url;
});

afterEach(async () => {
  models.close();
  await server.goAway();
  sandbox.dispose();
  await rm(folder, { recursive: true });
});

describe('estimate', () => {
  it('prints the need of each device, and that the model fits', async () => {
    const { status, stdout } = await sandbox.run(['estimate', 'demo-Q8_0', '-o', 'ctx_size=4096']);
    expect([status, stdout]).toEqual([
      0,
      expect.stringMatching(
        /^DEVICE +NEED +FREE +TOTAL +WEIGHTS +CACHE +COMPUTE\nram +\d.*\nnvidia:0 +\d.*\n\nIt fits: context 4k, 2 layers on GPUs\.\n$/,
      ),
    ]);
    expect((await sandbox.run(['estimate', 'demo-q8_0', '-q'])).stdout).toBe('fits\n');
  });

  it('warns of a context larger than the trained one, also for a file outside the library', async () => {
    const other = path.join(folder, 'other.bin');
    await writeFile(other, demoModelBytes());
    for (const subject of ['demo-Q8_0', other]) {
      const { status, stderr } = await sandbox.run(['estimate', subject, '-o', 'ctx_size=4096']);
      expect([status, stderr]).toEqual([
        0,
        expect.stringMatching(/^warning: ctx_size 4096 is more than the 2048 tokens for which the model was trained: /),
      ]);
    }
    expect((await sandbox.run(['estimate', 'demo-Q8_0', '-o', 'ctx_size=2048'])).stderr).toBe('');
  });

  it('exits with 1 if it does not fit, and prints with which options it would', async () => {
    const words = ['estimate', file, '-o', 'ctx_size=1000000', '-o', 'n_gpu_layers=0'];
    const { status, stdout } = await sandbox.run(words);
    expect(status).toBe(1);
    expect(stdout).toMatch(/\nIt does not fit \(context 1.000.000\): ram needs \d.* GiB, and \d.* GiB are free\.\n/);
    const suggestion = /\nIt would fit with:\n {2}a context of (\d+) tokens: -o ctx_size=\1\n/.exec(stdout)?.[1] ?? '';
    const [, , , , ...rest] = words;
    expect((await sandbox.run(['estimate', file, '-o', `ctx_size=${suggestion}`, ...rest, '-q'])).stdout).toBe(
      'fits\n',
    );
  });

  it('uses only the given devices', async () => {
    const { stdout } = await sandbox.run(['estimate', 'demo-Q8_0', '--device', 'ram', '--json']);
    expect(JSON.parse(stdout)).toMatchObject({ per_device: [{ device: 'ram' }], gpu_layers: 0, context: 2_048 });
  });

  it('takes the settings of an instance', async () => {
    await server.add('chat', { model_path: file, options: { ctx_size: 8_192 } });
    expect((await sandbox.run(['estimate', 'CHAT'])).stdout).toContain('It fits: context 8k');
  });

  it('reads a file outside the library', async () => {
    const other = path.join(folder, 'other.bin');
    await writeFile(other, demoModelBytes());
    expect((await sandbox.run(['estimate', other])).stdout).toContain('It fits: context 2k');
  });

  it('says that nothing has the name', async () => {
    expect(await sandbox.run(['estimate', 'nope'])).toMatchObject({
      status: 3,
      stderr: 'llamactl: there is no instance and no model nope; to list models: llamactl models\n',
    });
  });
});
