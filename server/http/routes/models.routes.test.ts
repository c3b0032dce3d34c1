import type { ModelDetails, ModelList } from '@llamactl/contract/model';
import { ModelDetailsSchema, ModelListSchema } from '@llamactl/contract/model';
import { createHash } from 'node:crypto';
import { link, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { demoModelBytes } from '../../../cli/quickstart/demo-model.ts';
import type { ModelLibrary } from '../../models/library.ts';
import { AuthHarness } from '../../testing/auth-harness.ts';
import { DownloadBench } from '../../testing/download-bench.ts';
import { FakeAudit } from '../../testing/fake-services.ts';
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

async function asked(secret: string, headers: Record<string, string>): ReturnType<TestServer['inject']> {
  return test.inject({ method: 'GET', url: '/api/models', headers: { authorization: `Bearer ${secret}`, ...headers } });
}

describe('the list of models', () => {
  it('has who uses each, for a viewer', async () => {
    const answer = await ask(await harness.tokenOf('vera', 'viewer'));
    const { models: list, scanning, problems } = ModelListSchema.strict().parse(answer.json<ModelList>());
    expect([scanning, problems]).toEqual([false, []]);
    expect(list).toMatchObject([{ name: 'demo-Q8_0', quantization: 'Q8_0', used_by: ['mine', 'other'] }]);
    expect(list[0]).not.toHaveProperty('files');
  });

  it('counts an instance that names the file by another link', async () => {
    const file = path.join(folder, 'demo-Q8_0.gguf');
    const outside = await mkdtemp(path.join(os.tmpdir(), 'llamactl-models-'));
    await symlink(file, path.join(outside, 'soft.gguf'));
    await link(file, path.join(outside, 'hard.gguf'));
    await test.manager.create({ name: 'soft', model_path: path.join(outside, 'soft.gguf') });
    await test.manager.create({ name: 'hard', model_path: path.join(outside, 'hard.gguf') });
    await test.manager.create({ name: 'gone', model_path: path.join(outside, 'gone.gguf') });
    const token = await harness.tokenOf('vera', 'viewer');
    const [{ id, used_by: users } = { id: '', used_by: [] }] = (await ask(token)).json<ModelList>().models;
    expect(new Set(users)).toEqual(new Set(['hard', 'mine', 'other', 'soft']));
    const details = (await ask(token, `/api/models/${id}`)).json<ModelDetails>();
    expect(new Set(details.used_by)).toEqual(new Set(users));
    await rm(outside, { recursive: true });
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

describe('the list of models, asked for again', () => {
  it('is not sent while it is the same', async () => {
    const token = await harness.tokenOf('vera', 'viewer');
    const { etag } = (await ask(token)).headers;
    const again = (tag: string) => asked(token, { 'if-none-match': tag });
    const same = await again(String(etag));
    expect([same.statusCode, same.body, same.headers['etag']]).toEqual([304, '', etag]);
    await test.manager.create({ name: 'third', model_path: path.join(folder, 'demo-Q8_0.gguf') });
    const changed = await again(String(etag));
    expect(changed.statusCode).toBe(200);
    expect(changed.json<ModelList>().models[0]?.used_by).toEqual(['mine', 'other', 'third']);
  });

  it('is compressed for a caller that accepts gzip', async () => {
    const token = await harness.tokenOf('vera', 'viewer');
    const plain = await ask(token);
    const { headers, rawPayload } = await asked(token, { 'accept-encoding': 'gzip' });
    expect(headers).toMatchObject({ 'content-encoding': 'gzip', vary: 'Accept-Encoding, Origin' });
    expect(headers['etag']).not.toBe(plain.headers['etag']);
    expect(gunzipSync(rawPayload).toString()).toBe(plain.body);
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

describe('the deletion of a model', () => {
  let bench: DownloadBench;
  let id: string;
  let file: string;
  let deleting: TestServer;
  let trail: FakeAudit;

  beforeEach(async () => {
    bench = await DownloadBench.open();
    bench.hub.add('acme/demo', { 'demo-Q8_0.gguf': demoModelBytes() });
    const sha256 = createHash('sha256').update(demoModelBytes()).digest('hex');
    bench.transfers.contents.set(sha256, demoModelBytes());
    const { download } = await bench.downloads.create(
      { model: 'acme/demo:Q8_0', revision: null },
      'us',
      new AbortController().signal,
    );
    await (await bench.transfers.of(sha256)).end({ kind: 'stored' });
    await expect.poll(() => bench.downloads.get(download.id).state).toBe('done');
    [{ id, path: file } = { id: '', path: '' }] = bench.models.list();
    trail = new FakeAudit();
    deleting = testServer({
      auth: harness.auth,
      audit: trail,
      clock: harness.clock,
      config: testConfig({ auth: { enabled: true } }),
      models: bench.models,
      downloads: bench.downloads,
    });
  });
  afterEach(() => bench.close());

  const remove = (secret: string): ReturnType<TestServer['inject']> =>
    deleting.inject({
      method: 'DELETE',
      url: `/api/models/${id}`,
      headers: { authorization: `Bearer ${secret}` },
    });

  it('is not needed to find damage: operators verify its files, viewers do not', async () => {
    const verify = async (secret: string): ReturnType<TestServer['inject']> =>
      deleting.inject({
        method: 'POST',
        url: `/api/models/${id}/verify`,
        headers: { authorization: `Bearer ${secret}` },
      });
    expect((await verify(await harness.tokenOf('vera', 'viewer'))).statusCode).toBe(403);
    const otto = await harness.tokenOf('otto', 'operator');
    bench.transfers.checked = { kind: 'wrong', found: 'f00' };
    expect((await verify(otto)).json()).toMatchObject({ files: [{ path: file, result: 'wrong', found: 'f00' }] });
    id = 'ffffffffffffffff';
    expect((await verify(otto)).statusCode).toBe(404);
  });

  it('is for admins, removes it from the list, and is in the audit trail', async () => {
    expect((await remove(await harness.tokenOf('otto', 'operator'))).statusCode).toBe(403);
    const answer = await remove(await harness.tokenOf('root', 'admin'));
    expect([answer.statusCode, answer.json<object>()]).toEqual([
      200,
      { message: expect.stringMatching(/^Model deleted, 2\.\d MB freed$/) as unknown },
    ]);
    expect(bench.models.list()).toEqual([]);
    expect(trail.entries.at(-1)).toMatchObject({ action: 'deleteModel', target: 'acme/demo:Q8_0', status: 200 });
    expect((await remove(await harness.tokenOf('root', 'admin'))).statusCode).toBe(404);
  });

  it('is refused while instances use it, as a model or in an option, also by a link and when they are stopped', async () => {
    const link = path.join(folder, 'link.gguf');
    await symlink(file, link);
    await deleting.manager.create({ name: 'mine', model_path: link });
    await deleting.manager.create({ name: 'other', model_path: '/other.gguf', options: { spec_draft_model: file } });
    const answer = await remove(await harness.tokenOf('root', 'admin'));
    expect(errorOf(answer.body)).toMatchObject({
      code: 'MODEL_IN_USE',
      error: 'demo-Q8_0 is used by mine, other. Delete or change them first.',
    });
    expect(bench.models.list()).toHaveLength(1);
  });
});
