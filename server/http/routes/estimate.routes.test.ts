import type { Estimate } from '@llamactl/contract/estimate';
import { EstimateSchema } from '@llamactl/contract/estimate';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { demoModelBytes } from '../../../cli/quickstart/demo-model.ts';
import { draftPlan, draftSettings } from '../../models/launch-draft.ts';
import type { ModelLibrary } from '../../models/library.ts';
import { AuthHarness } from '../../testing/auth-harness.ts';
import { scannedLibrary } from '../../testing/folder-library.ts';
import { errorOf, testConfig, testServer, type TestServer } from '../../testing/http-harness.ts';
import { estimatorOn, type FakeRun, llamaEngines } from '../../testing/small-machine.ts';

const MEBIBYTE = 1_048_576;

let folder: string;
let file: string;
let models: ModelLibrary;
let harness: AuthHarness;
let holders: FakeRun[];
let test: TestServer;

beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'llamactl-estimate-'));
  file = path.join(folder, 'demo.gguf');
  await writeFile(file, demoModelBytes());
  models = await scannedLibrary(folder);
  harness = await AuthHarness.open();
  harness.instances.set('mine', 'id-of-mine').set('other', 'id-of-other');
  holders = [];
  test = testServer({
    auth: harness.auth,
    clock: harness.clock,
    config: testConfig({ auth: { enabled: true } }),
    models,
    estimator: estimatorOn({ total: 2_600, available: 2_600, runs: () => holders }),
  });
  for (const name of ['mine', 'other'])
    await test.manager.create({ name, model_path: file, options: { ctx_size: 4_096 } });
});

afterEach(async () => {
  models.close();
  await rm(folder, { recursive: true });
});

interface Answer {
  status: number;
  /** The estimate; `null`: an error. */
  estimate: Estimate | null;
  /** The sentence of an error. */
  error: string;
}

async function ask(secret: string, body: object, url = '/api/estimate'): Promise<Answer> {
  const headers = { authorization: `Bearer ${secret}` };
  const { statusCode: status, body: text } = await test.inject({ method: 'POST', url, headers, payload: body });
  if (status !== 200) return { status, estimate: null, error: errorOf(text).error };
  return { status, estimate: EstimateSchema.strict().parse(JSON.parse(text)), error: '' };
}

/** A run of an instance that fills the machine. */
function holder(id: string, lastUsed: number, isIdle = true): FakeRun {
  const settings = { ...draftSettings('llama_cpp', file), options: { ctx_size: 350_000 } };
  return { id, engine: 'llama_cpp', plan: draftPlan(settings, llamaEngines()), leases: isIdle ? 0 : 1, lastUsed };
}

describe('an estimate of a model', () => {
  it('has the need of each device, for a viewer', async () => {
    const [{ id } = { id: '' }] = models.list();
    const { estimate } = await ask(await harness.tokenOf('vera', 'viewer'), {
      model: id,
      options: { ctx_size: 4_096 },
    });
    expect(estimate).toMatchObject({ fits: true, must_stop: [], suggestions: [], context: 4_096, gpu_layers: 0 });
    const [ram] = estimate?.per_device ?? [];
    expect(ram).toMatchObject({ device: 'ram', total: 2_600 * MEBIBYTE, free: 2_600 * MEBIBYTE });
    expect(ram?.need).toBeGreaterThan((ram?.weights ?? 0) + (ram?.cache ?? 0) + (ram?.compute ?? 0));
    expect(ram?.cache).toBe(4_096 * 2 * 288 * 2);
  });

  it('has options with which it fits', async () => {
    const token = await harness.tokenOf('vera', 'viewer');
    const { estimate } = await ask(token, { model: 'demo', options: { context_size: 2_000_000 } });
    expect(estimate).toMatchObject({ fits: false, context: 2_000_000 });
    const [suggestion] = estimate?.suggestions ?? [];
    expect(suggestion?.label).toBe(`a context of ${String(suggestion?.options['ctx_size'])} tokens`);
    expect((await ask(token, { model: 'demo', options: suggestion?.options })).estimate?.fits).toBe(true);
  });

  it.each([
    [{ model: 'nope' }, 404, 'No model has this name'],
    [{}, 400, 'must have one of `model`, `instance` and `model_path`'],
    [{ model: 'demo', instance: 'mine' }, 400, 'must have one of'],
    [{ model: 'demo', engine: 'vllm' }, 400, 'engine must be one of llama_cpp, custom'],
    [{ model: 'demo', devices: ['nvidia:0'] }, 400, 'devices has no "nvidia:0"; this machine has ram'],
    [{ instance: 'nope' }, 404, 'nope'],
  ])('of %j is refused', async (body, status, sentence) => {
    const answer = await ask(await harness.tokenOf('vera', 'viewer'), body);
    expect([answer.status, answer.error]).toEqual([status, expect.stringContaining(sentence)]);
  });

  it('of any file is only for admins', async () => {
    const viewer = await harness.tokenOf('vera', 'viewer');
    const admin = await harness.tokenOf('root');
    expect(await ask(viewer, { model_path: file })).toMatchObject({ status: 403 });
    expect(await ask(admin, { model_path: file })).toMatchObject({ status: 200 });
    expect(await ask(admin, { model_path: '/nowhere/x.gguf' })).toEqual({
      status: 409,
      estimate: null,
      error: expect.stringMatching(/^The memory of x\.gguf is unknown: it cannot be read: /) as string,
    });
    expect((await ask(admin, { model_path: path.join(folder, 'models.index') })).error).toContain('is not a GGUF file');
  });

  it('reads no other file for those who are not admins', async () => {
    const viewer = await harness.tokenOf('vera', 'viewer');
    for (const options of [
      { mmproj: '/etc/hostname' },
      { lora: `${file},/etc/hostname` },
      { model: '/etc/hostname' },
    ]) {
      expect(await ask(viewer, { model: 'demo', options })).toMatchObject({ status: 403 });
      expect(await ask(viewer, { options }, '/api/instances/mine/estimate')).toMatchObject({ status: 403 });
    }
    expect(await ask(viewer, { model: 'demo', options: { spec_draft_model: file } })).toMatchObject({ status: 200 });
  });
});

describe('an estimate of an instance', () => {
  it('has its own options, and those of the request in place of their twins', async () => {
    const token = await harness.tokenOf('vera', 'viewer');
    const context = async (body: object, url?: string): Promise<number | undefined> =>
      (await ask(token, body, url)).estimate?.context;
    expect(await context({}, '/api/instances/mine/estimate')).toBe(4_096);
    expect(await context({ instance: 'mine' })).toBe(4_096);
    expect(await context({ instance: 'mine', options: { context_size: 1_024 } })).toBe(1_024);
    expect(await context({ options: { ctx_size: null } }, '/api/instances/mine/estimate')).toBe(2_048);
  });

  it('names the idle instances that must stop, but none that the caller may not see', async () => {
    holders = [holder('id-of-mine', 2), holder('id-of-other', 1)];
    const options = { ctx_size: 350_000 };
    const admin = await harness.tokenOf('root');
    await test.manager.create({ name: 'new', model_path: file, options });
    expect((await ask(admin, { instance: 'new' })).estimate).toMatchObject({ fits: false, must_stop: ['other'] });
    const narrow = await harness.keyOf(await harness.loggedIn('root'), {
      name: 'narrow',
      scopes: ['viewer'],
      instances: ['mine'],
    });
    expect((await ask(narrow, { model: 'demo', options })).estimate?.must_stop).toEqual(['another instance']);
    holders = [holder('id-of-mine', 2, false), holder('id-of-other', 1, false)];
    expect((await ask(admin, { instance: 'new' })).estimate).toMatchObject({ fits: false, must_stop: [] });
  });

  it('does not count its own run', async () => {
    holders = [holder('id-of-mine', 1)];
    const options = { ctx_size: 1_000_000 };
    const admin = await harness.tokenOf('root');
    expect((await ask(admin, { instance: 'mine', options })).estimate).toMatchObject({ fits: true });
    expect((await ask(admin, { instance: 'other', options })).estimate).toMatchObject({
      fits: false,
      must_stop: ['mine'],
    });
  });

  it('does not exist for a caller who may not see it', async () => {
    const narrow = await harness.keyOf(await harness.loggedIn('root'), {
      name: 'narrow',
      scopes: ['viewer'],
      instances: ['mine'],
    });
    expect(await ask(narrow, {}, '/api/instances/mine/estimate')).toMatchObject({ status: 200 });
    expect(await ask(narrow, {}, '/api/instances/other/estimate')).toMatchObject({ status: 404 });
    expect(await ask(narrow, { instance: 'other' })).toMatchObject({ status: 404 });
  });
});
