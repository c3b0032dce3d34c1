import type { ModelDetails, ModelList } from '@llamactl/contract/model';
import { ModelDetailsSchema, ModelListSchema } from '@llamactl/contract/model';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { demoModelBytes } from '../../../cli/quickstart/demo-model.ts';
import type { ModelLibrary } from '../../models/library.ts';
import { AuthHarness } from '../../testing/auth-harness.ts';
import { folderLibrary } from '../../testing/folder-library.ts';
import { errorOf, testConfig, testServer, type TestServer } from '../../testing/http-harness.ts';

let folder: string;
let models: ModelLibrary;
let harness: AuthHarness;
let test: TestServer;

beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'llamactl-models-'));
  await writeFile(path.join(folder, 'demo-Q8_0.gguf'), demoModelBytes());
  models = folderLibrary(folder);
  await models.scan();
  harness = await AuthHarness.open();
  harness.instances.set('mine', 'id-of-mine').set('other', 'id-of-other');
  const config = testConfig({ auth: { enabled: true } });
  test = testServer({ auth: harness.auth, clock: harness.clock, config, models });
  for (const name of ['mine', 'other'])
    await test.manager.create({ name, model_path: path.join(folder, 'demo-Q8_0.gguf') });
});

afterEach(async () => {
  models.close();
  await rm(folder, { recursive: true });
});

async function ask(secret: string, url = '/api/models'): ReturnType<TestServer['inject']> {
  return test.inject({ method: 'GET', url, headers: { authorization: `Bearer ${secret}` } });
}

describe('the list of models', () => {
  it('has who uses each, for a viewer', async () => {
    const answer = await ask(await harness.tokenOf('vera', 'viewer'));
    const { models: list, scanning } = ModelListSchema.strict().parse(answer.json<ModelList>());
    expect(scanning).toBe(false);
    expect(list).toMatchObject([{ name: 'demo-Q8_0', quantization: 'Q8_0', used_by: ['mine', 'other'] }]);
    expect(list[0]).not.toHaveProperty('files');
  });

  it('names no instance that the caller may not see', async () => {
    const key = await harness.keyOf(await harness.loggedIn('root'), {
      name: 'narrow',
      scopes: ['viewer'],
      instances: ['mine'],
    });
    expect((await ask(key)).json<ModelList>().models[0]?.used_by).toEqual(['mine', 'another instance']);
  });
});

describe('a model', () => {
  it('has its files, the metadata of the header and the chat template', async () => {
    const token = await harness.tokenOf('vera', 'viewer');
    const [{ id } = { id: '' }] = models.list();
    const answer = await ask(token, `/api/models/${id}`);
    const details = ModelDetailsSchema.strict().parse(answer.json<ModelDetails>());
    expect(details.files).toEqual([{ path: path.join(folder, 'demo-Q8_0.gguf'), size: demoModelBytes().length }]);
    expect(details.metadata).toMatchObject({ 'general.architecture': 'llama', 'general.name': 'llamactl demo' });
    expect(details.metadata).not.toHaveProperty('tokenizer.chat_template');
    expect(typeof details.chat_template).toBe('string');
  });

  it.each(['0123456789abcdef', 'nope', '..%2fx'])('is not found by %s', async (id) => {
    const answer = await ask(await harness.tokenOf('vera', 'viewer'), `/api/models/${id}`);
    expect([answer.statusCode, errorOf(answer.body).code]).toEqual([404, 'NOT_FOUND']);
  });
});
