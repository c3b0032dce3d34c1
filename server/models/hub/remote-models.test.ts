import { ApiError } from '@llamactl/contract/errors';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HUB_TOKEN, LoopbackHub, loopbackModels } from '../../testing/loopback-hub.ts';
import { LoopbackRegistry } from '../../testing/loopback-registry.ts';
import { RemoteModels } from './remote-models.ts';

const { signal } = new AbortController();

let hub: LoopbackHub;
let registry: LoopbackRegistry;
let token: string | null;
let models: RemoteModels;

beforeEach(async () => {
  hub = await LoopbackHub.open();
  registry = await LoopbackRegistry.open();
  token = null;
  models = loopbackModels(hub, { registry, token: () => token });
});

afterEach(async () => {
  await Promise.all([hub.close(), registry.close()]);
});

describe('a reference', () => {
  it('is resolved to the usual quant and what belongs to it', async () => {
    const { commit } = hub.add('acme/m-GGUF', {
      'm-Q8_0.gguf': 'eight',
      'm-Q4_K_M.gguf': 'four',
      'mmproj-F16.gguf': 'eyes',
      'preset.ini': '[*]\ntools = all',
      'README.md': 'text',
    });
    const resolved = await models.resolve('hf.co/acme/m-GGUF', null, signal);
    expect(resolved).toMatchObject({
      reference: 'acme/m-GGUF:Q4_K_M',
      source: 'hub',
      repo: 'acme/m-GGUF',
      revision: 'main',
      commit,
    });
    expect(resolved.files.map(({ path }) => path)).toEqual(['m-Q4_K_M.gguf', 'mmproj-F16.gguf']);
    expect(hub.requests.some(({ url }) => url.includes('preset.ini'))).toBe(false);
  });

  it('with a quant is resolved to that, or the error lists the others', async () => {
    hub.add('acme/m-GGUF', { 'm-Q8_0.gguf': 'eight', 'm-Q4_K_M.gguf': 'four' });
    expect((await models.resolve('acme/m-GGUF:q8_0', 'v1', signal)).reference).toBe('acme/m-GGUF:Q8_0');
    await expect(models.resolve('acme/m-GGUF:Q2_K', null, signal)).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: 'acme/m-GGUF has no Q2_K; it has Q4_K_M, Q8_0.',
    });
  });

  it('to a repository without a model is not found', async () => {
    hub.add('acme/data', { 'README.md': 'text', 'm-Q4_K_M-00001-of-00002.gguf': 'half' });
    await expect(models.resolve('acme/data', null, signal)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('to a gated repository is refused before the download, and open with a token that may', async () => {
    hub.add('acme/gated', { 'm-Q8_0.gguf': 'x' }, { gated: 'manual' });
    expect((await models.quants('acme/gated', null, signal)).isGated).toBe(true);
    await expect(models.resolve('acme/gated', null, signal)).rejects.toMatchObject({ code: 'HUB_ERROR' });
    token = HUB_TOKEN;
    const { files } = await models.resolve('acme/gated', null, signal);
    expect(models.headersFor(files[0]?.url ?? '')).toEqual({ authorization: `Bearer ${HUB_TOKEN}` });
    expect(models.headersFor(`${hub.storageUrl}/x`)).toEqual({});
  });

  it('to a registry is resolved by its manifest', async () => {
    registry.add('library/qwen3:8b', [{ mediaType: 'application/vnd.ollama.image.model', content: 'weights' }]);
    const { reference, files } = await models.resolve('ollama:qwen3:8b', null, signal);
    expect([reference, files.map(({ path }) => path)]).toEqual(['ollama:qwen3:8b', ['qwen3-8b.gguf']]);
  });

  it("to Docker Hub uses tokens of Docker's server for them, and a mirror only its own", async () => {
    const asked = async (docker: string): Promise<string[]> => {
      const hosts: string[] = [];
      const realm = 'Bearer realm="https://auth.docker.io/token",service="registry.docker.io"';
      const other = new RemoteModels({
        endpoints: { hub: hub.url, modelscope: hub.url, ollama: hub.url, docker },
        token: () => null,
        requests: {
          send: async ({ host }) => {
            hosts.push(host);
            if (host === 'auth.docker.io') return { status: 200, headers: {}, body: Buffer.from('{"token":"t"}') };
            return { status: 401, headers: { 'www-authenticate': realm }, body: Buffer.alloc(0) };
          },
        },
      });
      await expect(other.resolve('docker:ai/smollm2', null, signal)).rejects.toBeInstanceOf(ApiError);
      return hosts;
    };
    const dockerHub = 'registry-1.docker.io';
    expect(await asked(`https://${dockerHub}`)).toEqual([dockerHub, 'auth.docker.io', dockerHub]);
    expect(await asked('https://mirror.example')).toEqual(['mirror.example']);
  });

  it('that is malformed reaches no server', async () => {
    await expect(models.resolve('../x', null, signal)).rejects.toMatchObject({ code: 'VALIDATION_ERROR' });
    await expect(models.resolve('acme/m', '../x', signal)).rejects.toMatchObject({ code: 'VALIDATION_ERROR' });
    expect([...hub.requests, ...registry.requests]).toEqual([]);
  });
});

describe('the quants of a repository', () => {
  it('have the references that fetch them', async () => {
    hub.add('acme/m-GGUF', { 'm-Q8_0.gguf': 'eight', 'm-Q4_K_M.gguf': 'four', 'm.gguf': 'full' }, { license: 'mit' });
    const { quants, usual, license } = await models.quants('acme/m-GGUF', null, signal);
    expect(quants.map(({ reference }) => reference)).toEqual([
      'acme/m-GGUF:Q4_K_M',
      'acme/m-GGUF:Q8_0',
      'acme/m-GGUF:m',
    ]);
    expect([usual.reference, license]).toEqual(['acme/m-GGUF:Q4_K_M', 'mit']);
  });
});
