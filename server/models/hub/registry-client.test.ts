import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { digestOf, LoopbackRegistry } from '../../testing/loopback-registry.ts';
import { RegistryClient } from './registry-client.ts';
import { RemoteRequests } from './remote-requests.ts';

const { signal } = new AbortController();
const QWEN = { source: 'ollama', repo: 'library/qwen3', tag: '8b' } as const;
const SMOL = { source: 'docker', repo: 'ai/smollm2', tag: 'latest' } as const;

let registry: LoopbackRegistry;
let client: RegistryClient;
/** Milliseconds of the client's clock. */
let now: number;

beforeEach(async () => {
  registry = await LoopbackRegistry.open();
  now = 0;
  client = clientFor(null);
});

afterEach(() => registry.close());

function clientFor(tokenOrigin: string | null): RegistryClient {
  return new RegistryClient({
    endpoint: registry.url,
    tokenOrigin,
    requests: new RemoteRequests({ environment: {}, version: '1' }),
    elapsed: () => now,
  });
}

/** A client whose registry gives one answer to each request. */
function answered(body: object): RegistryClient {
  const answer = { status: 200, headers: {}, body: Buffer.from(JSON.stringify(body)) };
  return new RegistryClient({
    endpoint: 'https://registry.example',
    tokenOrigin: null,
    requests: { send: async () => answer },
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

  it.each(['sha256:../../x', `sha512:${'0'.repeat(64)}`, `sha256:${'0'.repeat(64)}/..`, '0'.repeat(64)])(
    'with the digest %s is refused',
    async (digest) => {
      const layer = { mediaType: 'application/vnd.ollama.image.model', digest: `sha256:${'0'.repeat(64)}`, size: 1 };
      expect((await answered({ layers: [layer] }).list(QWEN, null, signal)).files).toHaveLength(1);
      await expect(answered({ layers: [{ ...layer, digest }] }).list(QWEN, null, signal)).rejects.toMatchObject({
        code: 'HUB_ERROR',
        extras: { details: expect.stringContaining('layers.0.digest') as string },
      });
    },
  );

  it('with a name that is too long for a file is refused', async () => {
    const long = { source: 'ollama', repo: `library/${'a'.repeat(128)}`, tag: 'b'.repeat(128) } as const;
    registry.add(`${long.repo}:${long.tag}`, [{ mediaType: 'application/vnd.ollama.image.model', content: 'x' }]);
    await expect(client.list(long, null, signal)).rejects.toMatchObject({ code: 'VALIDATION_ERROR' });
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

  it('is sent until it ends', async () => {
    registry.add('ai/smollm2:latest', [{ mediaType: 'application/vnd.docker.ai.gguf.v3', content: 'one' }]);
    registry.realm = `${registry.url}/token`;
    const { files } = await client.list(SMOL, null, signal);
    const blob = new URL(files[0]?.url ?? '');
    now = 299_999;
    expect(client.headersFor(blob)).not.toEqual({});
    now = 300_000;
    expect(client.headersFor(blob)).toEqual({});
  });

  it('is kept for the last hundred repositories', async () => {
    registry.realm = `${registry.url}/token`;
    const blob = (repo: string): URL => new URL(`${registry.url}/v2/ai/${repo}/blobs/x`);
    for (let index = 0; index <= 100; index += 1) {
      registry.add(`ai/m${index}:latest`, [{ mediaType: 'application/vnd.docker.ai.gguf.v3', content: 'one' }]);
      await client.list({ ...SMOL, repo: `ai/m${index}` }, null, signal);
    }
    expect(client.headersFor(blob('m0'))).toEqual({});
    expect(client.headersFor(blob('m1'))).not.toEqual({});
    expect(client.headersFor(blob('m100'))).not.toEqual({});
  });

  it.each([
    [{ access_token: 'other-name' }, 'other-name'],
    [{ token: 'both', access_token: 'other' }, 'both'],
    [{}, null],
  ])('is read from %j', async (body, token) => {
    const challenge = { 'www-authenticate': 'Bearer realm="https://registry.example/token",service="x"' };
    const sent: (string | undefined)[] = [];
    const other = new RegistryClient({
      endpoint: 'https://registry.example',
      tokenOrigin: null,
      requests: {
        send: async ({ pathname }, { headers }) => {
          if (pathname === '/token') return { status: 200, headers: {}, body: Buffer.from(JSON.stringify(body)) };
          sent.push(headers?.['authorization']);
          return { status: 401, headers: challenge, body: Buffer.alloc(0) };
        },
      },
    });
    const code = token === null ? 'HUB_ERROR' : 'NOT_FOUND';
    await expect(other.list(SMOL, null, signal)).rejects.toMatchObject({ code });
    expect(sent).toEqual(token === null ? [undefined] : [undefined, `Bearer ${token}`]);
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
