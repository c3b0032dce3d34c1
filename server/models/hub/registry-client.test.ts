import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { digestOf, LoopbackRegistry } from '../../testing/loopback-registry.ts';
import { RegistryClient } from './registry-client.ts';
import { RemoteRequests } from './remote-requests.ts';

const { signal } = new AbortController();
const QWEN = { source: 'ollama', repo: 'library/qwen3', tag: '8b' } as const;
const SMOL = { source: 'docker', repo: 'ai/smollm2', tag: 'latest' } as const;

let registry: LoopbackRegistry;
let client: RegistryClient;

beforeEach(async () => {
  registry = await LoopbackRegistry.open();
  client = clientFor(null);
});

afterEach(() => registry.close());

function clientFor(tokenOrigin: string | null): RegistryClient {
  return new RegistryClient({
    endpoint: registry.url,
    tokenOrigin,
    requests: new RemoteRequests({ environment: {}, version: '1' }),
  });
}

describe('a model of a registry', () => {
  it("has the weights and the projector of Ollama's manifest as GGUF files", async () => {
    registry.add('library/qwen3:8b', [
      { mediaType: 'application/vnd.ollama.image.model', content: 'weights' },
      { mediaType: 'application/vnd.ollama.image.projector', content: 'eyes' },
      { mediaType: 'application/vnd.ollama.image.template', content: 'text' },
      { mediaType: 'application/vnd.ollama.image.params', content: '{}' },
    ]);
    const listing = await client.list(QWEN, null, signal);
    const sha256 = digestOf('weights').slice('sha256:'.length);
    expect(listing).toMatchObject({ source: 'ollama', repo: 'library/qwen3', revision: '8b' });
    expect(listing.commit).toMatch(/^[0-9a-f]{40}$/);
    expect(listing.files).toEqual([
      {
        path: 'qwen3-8b.gguf',
        size: 7,
        sha256,
        blob: sha256,
        url: `${registry.url}/v2/library/qwen3/blobs/sha256:${sha256}`,
      },
      expect.objectContaining({ path: 'mmproj-qwen3-8b.gguf', size: 4 }),
    ]);
  });

  it('numbers several layers of weights, as the parts of a split file are', async () => {
    registry.add('ai/smollm2:latest', [
      { mediaType: 'application/vnd.docker.ai.gguf.v3', content: 'one' },
      { mediaType: 'application/vnd.docker.ai.gguf.v3', content: 'two' },
      { mediaType: 'application/vnd.docker.ai.license', content: 'text' },
    ]);
    const { files } = await client.list(SMOL, null, signal);
    expect(files.map(({ path }) => path)).toEqual([
      'smollm2-latest-00001-of-00002.gguf',
      'smollm2-latest-00002-of-00002.gguf',
    ]);
  });

  it('has another commit when its files change, and another tag by the revision', async () => {
    const layer = (content: string) => [{ mediaType: 'application/vnd.ollama.image.model', content }];
    registry.add('library/qwen3:8b', layer('one'));
    registry.add('library/qwen3:4b', layer('four'));
    const { commit } = await client.list(QWEN, null, signal);
    registry.add('library/qwen3:8b', layer('two'));
    expect((await client.list(QWEN, null, signal)).commit).not.toBe(commit);
    expect((await client.list(QWEN, '4b', signal)).files.map(({ path }) => path)).toEqual(['qwen3-4b.gguf']);
    await expect(client.list(QWEN, '../4b', signal)).rejects.toMatchObject({ code: 'VALIDATION_ERROR' });
  });

  it.each([
    [404, 'NOT_FOUND'],
    [429, 'RATE_LIMITED'],
    [500, 'HUB_ERROR'],
  ])('that answers with %i is %s', async (status, code) => {
    registry.failures.push(status);
    await expect(client.list(QWEN, null, signal)).rejects.toMatchObject({ code });
  });

  it('with a digest that is a path is refused', async () => {
    registry.add('library/qwen3:8b', [{ mediaType: 'application/vnd.ollama.image.model', content: 'x' }]);
    const requests = {
      send: async () => ({
        status: 200,
        headers: {},
        body: Buffer.from(
          JSON.stringify({
            layers: [{ mediaType: 'application/vnd.ollama.image.model', digest: 'sha256:../../x', size: 1 }],
          }),
        ),
      }),
    };
    const other = new RegistryClient({ endpoint: registry.url, tokenOrigin: null, requests });
    await expect(other.list(QWEN, null, signal)).rejects.toMatchObject({ code: 'HUB_ERROR' });
  });
});

describe('the token of a registry', () => {
  it('comes from the registry, for reading one repository, and goes with its blobs', async () => {
    registry.add('ai/smollm2:latest', [{ mediaType: 'application/vnd.docker.ai.gguf.v3', content: 'one' }]);
    registry.realm = `${registry.url}/token`;
    const { files } = await client.list(SMOL, null, signal);
    const [, asked] = registry.requests;
    expect(asked).toEqual({
      url: `/token?service=registry.example&scope=${encodeURIComponent('repository:ai/smollm2:pull')}`,
      authorization: null,
    });
    const blob = new URL(files[0]?.url ?? '');
    expect(client.headersFor(blob)).toEqual({ authorization: 'Bearer registry-token' });
    expect(client.headersFor(new URL(blob.href.replace('smollm2', 'other')))).toEqual({});
    expect(client.headersFor(new URL(blob.pathname, 'https://evil.example'))).toEqual({});
  });

  it('may come from the one other server that is known for it', async () => {
    const other = await LoopbackRegistry.open();
    registry.add('ai/smollm2:latest', [{ mediaType: 'application/vnd.docker.ai.gguf.v3', content: 'one' }]);
    registry.realm = `${other.url}/token`;
    expect((await clientFor(other.url).list(SMOL, null, signal)).files).toHaveLength(1);
    await other.close();
  });

  it.each(['https://evil.example/token', 'http://169.254.169.254/token', 'nowhere'])(
    'is not fetched from %s',
    async (realm) => {
      registry.realm = realm;
      await expect(client.list(SMOL, null, signal)).rejects.toMatchObject({ code: 'HUB_ERROR' });
      expect(registry.requests).toHaveLength(1);
    },
  );
});
