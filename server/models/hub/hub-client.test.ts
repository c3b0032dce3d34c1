import { createHash } from 'node:crypto';
import { createServer } from 'node:net';
import type { ApiError } from '@llamactl/contract/errors';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HUB_TOKEN, LoopbackHub } from '../../testing/loopback-hub.ts';
import { HubClient } from './hub-client.ts';
import { RemoteRequests } from './remote-requests.ts';

const { signal } = new AbortController();

let hub: LoopbackHub;
let token: string | null;

beforeEach(async () => {
  hub = await LoopbackHub.open();
  token = null;
});

afterEach(() => hub.close());

function client(environment: Record<string, string> = {}, timeoutMs?: number): HubClient {
  const requests = new RemoteRequests({
    environment,
    version: '1.2.3',
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  });
  return new HubClient({ endpoint: hub.url, token: () => token, requests });
}

const reference = (repo: string) => ({ source: 'hub', repo, quant: null }) as const;

async function refusal(action: Promise<unknown>): Promise<ApiError> {
  return action.then(
    () => {
      throw new Error('it was not refused');
    },
    (error: ApiError) => error,
  );
}

describe('the files of a repository', () => {
  it('have size, sha256 and an address at the commit; small files have the id of git', async () => {
    const { commit } = hub.add(
      'acme/fixture-GGUF',
      { 'sub dir/a-Q4_K_M.gguf': 'weights', 'README.md': 'text' },
      { license: 'mit' },
    );
    const listing = await client().list(reference('acme/fixture-GGUF'), null, signal);
    const sha256 = createHash('sha256').update('weights').digest('hex');
    expect(listing).toEqual({
      source: 'hub',
      repo: 'acme/fixture-GGUF',
      revision: 'main',
      commit,
      isGated: false,
      license: 'mit',
      files: [
        {
          path: 'sub dir/a-Q4_K_M.gguf',
          size: 7,
          sha256,
          blob: sha256,
          url: `${hub.url}/acme/fixture-GGUF/resolve/${commit}/sub%20dir/a-Q4_K_M.gguf`,
        },
        expect.objectContaining({
          path: 'README.md',
          sha256: null,
          blob: createHash('sha1').update('text').digest('hex'),
        }),
      ],
    });
    expect(hub.requests.map(({ encoding }) => encoding)).toEqual(['identity', 'identity']);
  });

  it('come from all pages', async () => {
    hub.pageSize = 2;
    hub.add('acme/many', Object.fromEntries([1, 2, 3, 4, 5].map((number) => [`${number}.gguf`, 'x'])));
    const { files } = await client().list(reference('acme/many'), 'v1', signal);
    expect(files.map(({ path }) => path)).toEqual(['1.gguf', '2.gguf', '3.gguf', '4.gguf', '5.gguf']);
    expect(hub.requests).toHaveLength(4);
  });

  it('come from the endpoint alone, also if its links lead to another server, as those of mirrors do', async () => {
    token = HUB_TOKEN;
    hub.pageSize = 1;
    hub.nextPageOrigin = hub.storageUrl;
    hub.add('acme/many', { 'a.gguf': 'x', 'b.gguf': 'y' });
    expect((await client().list(reference('acme/many'), null, signal)).files).toHaveLength(2);
    expect(hub.requests.map(({ host }) => host)).toEqual(['api', 'api', 'api', 'api']);
  });

  it('come from all pages, also if their links are relative', async () => {
    hub.pageSize = 1;
    hub.nextPageOrigin = '';
    hub.add('acme/many', { 'a.gguf': 'x', 'b.gguf': 'y' });
    expect((await client().list(reference('acme/many'), null, signal)).files).toHaveLength(2);
  });

  it.each(['<http://[>; rel="next"', 'rel="next"', '<>; rel=next', '<?recursive=true>; rel="next"'])(
    'are not complete after a page with the link %s',
    async (link) => {
      const { commit } = hub.add('acme/many', { 'a.gguf': 'x' });
      hub.failures.push({ status: 200, body: JSON.stringify({ sha: commit }) });
      hub.failures.push({ status: 200, body: '[]', headers: { link } });
      const { code, message } = await refusal(client().list(reference('acme/many'), null, signal));
      expect([code, message]).toEqual(['HUB_ERROR', expect.stringContaining('a link to the next page')]);
    },
  );

  it('end after twenty thousand', async () => {
    const entry = (index: number): object => ({ type: 'file', path: `${index}.gguf`, oid: '0'.repeat(40) });
    for (const [count, isRead] of [
      [20_000, true],
      [20_001, false],
    ] as const) {
      hub.failures.push({ status: 200, body: JSON.stringify({ sha: '0'.repeat(40) }) });
      hub.failures.push({
        status: 200,
        body: JSON.stringify(Array.from({ length: count }, (_, index) => entry(index))),
      });
      const list = client().list(reference('acme/many'), null, signal);
      if (isRead) expect((await list).files).toHaveLength(count);
      else expect((await refusal(list)).message).toBe('acme/many has more files than llamactl reads.');
    }
  });

  it('end after sixteen mebibytes on all pages', async () => {
    hub.failures.push({ status: 200, body: JSON.stringify({ sha: '0'.repeat(40) }) });
    const page = `[]${' '.repeat(7 * 1024 * 1024)}`;
    const link = (cursor: number): string => `<${hub.url}/x?cursor=${cursor}>; rel="next"`;
    hub.failures.push(...[1, 2, 3].map((cursor) => ({ status: 200, body: page, headers: { link: link(cursor) } })));
    expect((await refusal(client().list(reference('acme/many'), null, signal))).message).toContain('is longer than');
  });

  it('come in time with all pages, or not at all', async () => {
    const silent = createServer();
    const port = await portOf(silent);
    const slow = new HubClient({
      endpoint: `http://127.0.0.1:${port}`,
      token: () => null,
      requests: new RemoteRequests({ environment: {}, version: '1' }),
      listMs: 20,
    });
    const { code, message } = await refusal(slow.list(reference('acme/many'), null, signal));
    expect([code, message]).toEqual(['HUB_ERROR', expect.stringContaining('did not send the list of acme/many')]);
    const leaving = new AbortController();
    leaving.abort(new Error('left'));
    await expect(slow.list(reference('acme/many'), null, leaving.signal)).rejects.toThrow('left');
    silent.close();
  });

  it('end after fifty pages', async () => {
    hub.pageSize = 1;
    hub.add('acme/endless', Object.fromEntries(Array.from({ length: 60 }, (_, index) => [`${index}.gguf`, 'x'])));
    const { code, message } = await refusal(client().list(reference('acme/endless'), null, signal));
    expect([code, message]).toEqual(['HUB_ERROR', 'acme/endless has more files than llamactl reads.']);
  });

  it('with paths that leave their folder are left out', async () => {
    hub.add('acme/evil', { '../../etc/a.gguf': 'x', '/b.gguf': 'x', 'c\\d.gguf': 'x', 'good.gguf': 'x' });
    const { files } = await client().list(reference('acme/evil'), null, signal);
    expect(files.map(({ path }) => path)).toEqual(['good.gguf']);
  });
});

describe('a refusal of the hub', () => {
  it('says that a repository does not exist or is private', async () => {
    hub.add('acme/secret', { 'a.gguf': 'x' }, { isPrivate: true });
    const without = await refusal(client().list(reference('acme/secret'), null, signal));
    expect([without.code, without.message]).toEqual(['NOT_FOUND', expect.stringContaining('HF_TOKEN')]);
    token = HUB_TOKEN;
    expect((await client().list(reference('acme/secret'), null, signal)).files).toHaveLength(1);
    token = 'hf_wrong';
    expect((await refusal(client().list(reference('acme/secret'), null, signal))).message).toContain('token');
  });

  it('names a revision that does not exist', async () => {
    hub.add('acme/a', { 'a.gguf': 'x' });
    const { code, message } = await refusal(client().list(reference('acme/a'), 'nope', signal));
    expect([code, message]).toEqual(['NOT_FOUND', expect.stringContaining('nope')]);
  });

  it('explains a gated repository, whose list is public', async () => {
    hub.add('acme/gated', { 'a.gguf': 'x' }, { gated: 'auto' });
    const listing = await client().list(reference('acme/gated'), null, signal);
    const [file] = listing.files;
    if (file === undefined) throw new Error('no file is listed');
    expect(listing.isGated).toBe(true);
    const { code, message } = await refusal(client().checkAccess(listing, file, signal));
    expect([code, message]).toEqual(['HUB_ERROR', expect.stringContaining(`accept them on ${hub.url}/acme/gated`)]);
    hub.failures.push({ status: 307, headers: { location: new URL(file.url).pathname } });
    expect((await refusal(client().checkAccess(listing, file, signal))).message).toContain(
      'its author sets conditions',
    );
    token = HUB_TOKEN;
    await client().checkAccess(listing, file, signal);
    expect(hub.requests.every(({ host }) => host === 'api')).toBe(true);
  });

  it.each([
    [{ 'retry-after': '7' }, '7'],
    [{ ratelimit: '"api";r=0;t=55' }, '55'],
    [{ 'retry-after': '999999' }, '3600'],
    [{ 'retry-after': '0' }, '1'],
    [{}, '60'],
  ])('of too many requests passes on %j', async (headers, expected) => {
    hub.failures.push({ status: 429, headers });
    const error = await refusal(client().search('x', 10, signal));
    expect([error.code, error.status, error.extras.headers]).toEqual([
      'RATE_LIMITED',
      429,
      { 'retry-after': expected },
    ]);
  });

  it('of a kind without a name has the status, and the words of the hub as details', async () => {
    hub.failures.push({ status: 500, headers: { 'x-error-message': 'down \u00e9 today' } });
    const error = await refusal(client().search('x', 10, signal));
    expect([error.code, error.status, error.extras.details]).toEqual([
      'HUB_ERROR',
      502,
      expect.stringMatching(/^down .* today$/),
    ]);
    expect(error.message).toContain('status 500');
  });
});

describe('a bad answer of the hub', () => {
  it.each([
    ['is no JSON', { status: 200, body: '<html>' }],
    ['has another shape', { status: 200, body: '{"sha":"main"}' }],
    ['is too long', { status: 200, body: 'x'.repeat(9 * 1024 * 1024) }],
    ['redirects to another server', { status: 302, headers: { location: 'http://localhost:1/x' } }],
    ['redirects to nowhere', { status: 302, headers: { location: 'http://' } }],
  ])('%s', async (_what, answer) => {
    hub.add('acme/a', { 'a.gguf': 'x' });
    hub.failures.push(answer);
    expect(await refusal(client().list(reference('acme/a'), null, signal))).toMatchObject({ code: 'HUB_ERROR' });
  });

  it('is not repeated in the error', async () => {
    hub.failures.push({ status: 200, body: '<secret>' });
    const { message, extras } = await refusal(client().list(reference('acme/a'), null, signal));
    expect([message, extras.details]).toEqual([expect.not.stringContaining('secret'), 'It is no JSON.']);
  });

  it('redirects again and again', async () => {
    hub.failures.push(...Array.from({ length: 10 }, () => ({ status: 307, headers: { location: '/api/models/a/b' } })));
    expect((await refusal(client().list(reference('acme/a'), null, signal))).message).toContain('more than 5 times');
  });

  it('within its origin is followed: a renamed repository keeps the token', async () => {
    token = HUB_TOKEN;
    hub.add('acme/new', { 'a.gguf': 'x' });
    hub.failures.push({ status: 307, headers: { location: '/api/models/acme/new/revision/main' } });
    expect((await client().list(reference('acme/new'), null, signal)).files).toHaveLength(1);
    expect(hub.requests.map(({ authorization }) => authorization)).toEqual(Array(3).fill(`Bearer ${HUB_TOKEN}`));
  });
});

describe('no answer', () => {
  it('comes when the connection breaks', async () => {
    const broken = createServer((socket) => void socket.resetAndDestroy());
    const port = await portOf(broken);
    const { message } = await refusal(
      new HubClient({
        endpoint: `http://127.0.0.1:${port}`,
        token: () => null,
        requests: new RemoteRequests({ environment: {}, version: '1' }),
      }).search('x', 1, signal),
    );
    expect(message).toMatch(/failed: (?:ECONNRESET|socket hang up)/);
    broken.close();
  });

  it('comes in time', async () => {
    const silent = createServer();
    const port = await portOf(silent);
    const quiet = new HubClient({
      endpoint: `http://127.0.0.1:${port}`,
      token: () => null,
      requests: new RemoteRequests({ environment: {}, version: '1', timeoutMs: 20 }),
    });
    expect((await refusal(quiet.search('x', 1, signal))).message).toContain('did not answer within');
    silent.close();
  });

  it('is awaited after the caller has left', async () => {
    const leaving = new AbortController();
    leaving.abort(new Error('left'));
    await expect(client().search('x', 1, leaving.signal)).rejects.toThrow('left');
  });

  it('is asked for with HF_HUB_OFFLINE', async () => {
    const { code, message } = await refusal(client({ HF_HUB_OFFLINE: '1' }).search('x', 1, signal));
    expect([code, message]).toEqual(['HUB_ERROR', expect.stringContaining('HF_HUB_OFFLINE')]);
    expect(hub.requests).toEqual([]);
  });
});

describe('a proxy of the environment', () => {
  it('gets the requests, except for hosts of NO_PROXY', async () => {
    hub.add('acme/a', { 'a.gguf': 'x' });
    const proxy = await LoopbackHub.open();
    proxy.failures.push({ status: 200, body: '[]' });
    expect(await client({ http_proxy: proxy.url }).search('a', 5, signal)).toEqual([]);
    expect(proxy.requests.map(({ url }) => url)).toEqual([expect.stringContaining(`${hub.url}/api/models?search=a`)]);
    expect(await client({ http_proxy: proxy.url, no_proxy: '127.0.0.1' }).search('a', 5, signal)).toHaveLength(1);
    expect(proxy.requests).toHaveLength(1);
    await proxy.close();
  });
});

describe('a search', () => {
  it('has the facts by which people choose', async () => {
    hub.add('acme/qwen-GGUF', {}, { license: 'apache-2.0', gated: 'manual' });
    hub.add('acme/llama-GGUF', {});
    expect(await client().search('qwen', 5, signal)).toEqual([
      {
        repo: 'acme/qwen-GGUF',
        downloads: 1_000,
        likes: 10,
        updatedAt: '2026-01-02T03:04:05.000Z',
        purpose: 'text-generation',
        license: 'apache-2.0',
        isGated: true,
      },
    ]);
    expect(hub.requests[0]?.url).toContain('filter=gguf&sort=downloads&limit=5');
  });

  it('has no more repositories than the limit, whatever the hub sends', async () => {
    hub.failures.push({ status: 200, body: JSON.stringify([{ id: 'a/a' }, { id: 'b/b' }, { id: 'c/c' }]) });
    expect((await client().search('x', 2, signal)).map(({ repo }) => repo)).toEqual(['a/a', 'b/b']);
  });
});

describe('the token', () => {
  it('goes to the origin of the endpoint alone', () => {
    token = HUB_TOKEN;
    const headers = (url: string): object => client().headersFor(new URL(url));
    expect(headers(`${hub.url}/acme/a/resolve/main/a.gguf`)).toEqual({ authorization: `Bearer ${HUB_TOKEN}` });
    expect(headers(`${hub.storageUrl}/acme/a`)).toEqual({});
    expect(headers(hub.url.replace('http:', 'https:'))).toEqual({});
  });
});

async function portOf(server: ReturnType<typeof createServer>): Promise<number> {
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('it does not listen');
  return address.port;
}
