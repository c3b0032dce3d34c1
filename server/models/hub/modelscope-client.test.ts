import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LoopbackServer, sendJson } from '../../testing/loopback-server.ts';
import { ModelScopeClient } from './modelscope-client.ts';
import { RemoteRequests } from './remote-requests.ts';

const { signal } = new AbortController();
const sha256Of = (text: string): string => createHash('sha256').update(text).digest('hex');
const FILE = { Type: 'blob', Path: 'a b/m-Q4_K_M.gguf', Name: 'm-Q4_K_M.gguf', Size: 7, Sha256: sha256Of('weights') };

let server: LoopbackServer;
let client: ModelScopeClient;
let answer: { status: number; body: unknown };
let asked: string[];

beforeEach(async () => {
  asked = [];
  server = await LoopbackServer.open((request, response) => {
    asked.push(request.url ?? '');
    sendJson(response, answer.status, answer.body);
  });
  client = new ModelScopeClient({
    endpoint: server.url,
    requests: new RemoteRequests({ environment: {}, version: '1' }),
  });
});

afterEach(() => server.close());

function files(...list: object[]): void {
  answer = { status: 200, body: { Code: 200, Success: true, Data: { Files: list } } };
}

describe('a repository of ModelScope', () => {
  it('has its files with their sha256, and an address for each', async () => {
    files({ Type: 'tree', Path: 'a b', Size: 0, Sha256: '' }, FILE);
    const listing = await client.list({ repo: 'Qwen/Qwen3-8B-GGUF' }, null, signal);
    expect(asked).toEqual(['/api/v1/models/Qwen/Qwen3-8B-GGUF/repo/files?Revision=master&Recursive=True']);
    expect(listing).toMatchObject({ source: 'modelscope', repo: 'Qwen/Qwen3-8B-GGUF', revision: 'master' });
    expect(listing.files).toEqual([
      {
        path: 'a b/m-Q4_K_M.gguf',
        size: 7,
        sha256: FILE.Sha256,
        blob: FILE.Sha256,
        url: `${server.url}/api/v1/models/Qwen/Qwen3-8B-GGUF/repo?Revision=master&FilePath=a+b%2Fm-Q4_K_M.gguf`,
      },
    ]);
  });

  it('has the commit of its contents', async () => {
    const commit = async (): Promise<string> => (await client.list({ repo: 'a/b' }, 'v1', signal)).commit;
    files(FILE, { ...FILE, Path: 'other.gguf' });
    const first = await commit();
    expect(first).toMatch(/^[0-9a-f]{40}$/);
    files({ ...FILE, Path: 'other.gguf' }, FILE);
    expect(await commit()).toBe(first);
    files({ ...FILE, Sha256: sha256Of('new') });
    expect(await commit()).not.toBe(first);
  });

  it('leaves out files without a sha256, and with paths that leave their folder', async () => {
    files({ ...FILE, Sha256: null }, { ...FILE, Path: '../../x.gguf' }, { ...FILE, Sha256: '../../x' });
    expect((await client.list({ repo: 'a/b' }, null, signal)).files).toEqual([]);
  });

  it('has no revision that is a path', async () => {
    await expect(client.list({ repo: 'a/b' }, '../x', signal)).rejects.toMatchObject({ code: 'VALIDATION_ERROR' });
    expect(asked).toEqual([]);
  });

  it.each([
    [404, {}, 'NOT_FOUND'],
    [429, {}, 'RATE_LIMITED'],
    [500, {}, 'HUB_ERROR'],
    [200, { Code: 10_010_205_001, Data: null }, 'HUB_ERROR'],
  ])('with status %i and %j is %s', async (status, body, code) => {
    answer = { status, body };
    await expect(client.list({ repo: 'a/b' }, null, signal)).rejects.toMatchObject({ code });
  });
});
