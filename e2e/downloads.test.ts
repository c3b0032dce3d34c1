import { createHash } from 'node:crypto';
import { readFile, readlink } from 'node:fs/promises';
import path from 'node:path';
import { Client, type Frame } from '@llamactl/client';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { demoModelBytes } from '../cli/quickstart/demo-model.ts';
import { contentOf, FileHost, sha256Of } from '../server/testing/file-host.ts';
import { LoopbackServer, sendJson } from '../server/testing/loopback-server.ts';
import { reload } from './reloads.ts';
import { ServerProcess } from './server-process.ts';
import { StreamReader } from './stream-reader.ts';

/** Downloads of the real program, from a hub on loopback that redirects to a second host. */

const PATIENCE = { timeout: 60_000, interval: 50 };
const TOKEN = 'hf_secret';
const commit = createHash('sha1').update('commit').digest('hex');
// A model that the library can read, with tensors of no meaning behind it.
const content = Buffer.concat([demoModelBytes(), contentOf(12_000_000)]);

let hub: LoopbackServer;
let host: FileHost;
let server: ServerProcess;
/** The header with the token in each request to the hub. */
let tokens: (string | undefined)[];
/** Words before the program's own. */
let variables: string[];

beforeEach(async () => {
  host = await FileHost.open(content);
  tokens = [];
  variables = [];
  hub = await LoopbackServer.open((request, response) => {
    tokens.push(request.headers.authorization);
    const { pathname } = new URL(request.url ?? '/', 'http://hub');
    if (pathname.includes('/revision/')) return sendJson(response, 200, { id: 'acme/demo', sha: commit, gated: false });
    if (pathname.includes('/tree/')) {
      const lfs = { oid: sha256Of(content), size: content.length, pointerSize: 134 };
      const file = { type: 'file', path: 'demo-Q8_0.gguf', size: content.length, oid: commit, lfs };
      return sendJson(response, 200, [file]);
    }
    response.writeHead(302, { location: host.url('/signed?key=1', 'localhost') }).end();
  });
  server = await ServerProcess.create(
    `models: { hf_endpoint: "${hub.url}", hf_token: ${TOKEN}, download_limit_mb: 4 }\n`,
    () => variables,
  );
  await server.start();
});

afterEach(async () => {
  await server.dispose();
  await hub.close();
  await host.close();
});

describe('a download', () => {
  it('goes on over a kill and a reload, and other programs see its file', async () => {
    const client = new Client(server.url);
    const stop = new AbortController();
    const events = new StreamReader<Frame>(client.events({ after_seq: 0, signal: stop.signal }));
    const { id } = await client.createDownload({ model: 'acme/demo:Q8_0' });
    const reaches = (bytes: number): Promise<void> =>
      vi.waitFor(async () => expect((await client.getDownload(id)).done_bytes).toBeGreaterThan(bytes), PATIENCE);

    await reaches(2_000_000);
    await server.end('SIGKILL');
    const blob = path.join(server.home, '.cache/huggingface/hub/models--acme--demo/blobs', sha256Of(content));
    const recorded = JSON.parse(await readFile(`${blob}.llamactl.json`, 'utf8')) as {
      ranges: { from: number; to: number }[];
    };
    const before = host.requests.length;
    await server.start();
    await reaches(8_000_000);
    await reload(server);
    await vi.waitFor(async () => expect((await client.getDownload(id)).state).toBe('done'), PATIENCE);

    const home = path.join(server.home, '.cache/huggingface/hub/models--acme--demo');
    const shown = path.join(home, 'snapshots', commit, 'demo-Q8_0.gguf');
    expect(await readlink(shown)).toBe(`../../blobs/${sha256Of(content)}`);
    expect(await readFile(path.join(home, 'refs', 'main'), 'utf8')).toBe(commit);
    expect((await readFile(shown)).equals(content)).toBe(true);
    // A kill and a reload may lose the bytes that were on their way, but none that were recorded.
    expect(host.requests.filter(({ range }) => range?.from === 0)).toHaveLength(1);
    const again = host.requests
      .slice(before)
      .filter(({ range }) =>
        recorded.ranges.some(({ from, to }) => (range?.from ?? 0) < to && from < (range?.to ?? Infinity)),
      );
    expect(recorded.ranges).not.toEqual([]);
    expect(again).toEqual([]);

    expect(new Set(tokens)).toEqual(new Set([`Bearer ${TOKEN}`]));
    for (const { headers } of host.requests) expect(JSON.stringify(headers)).not.toContain(TOKEN);

    const found = async (): Promise<unknown[]> => (await client.listModels()).models.map(({ ref }) => ref);
    await vi.waitFor(async () => expect(await found()).toEqual(['acme/demo:Q8_0']), PATIENCE);
    const frames = (): Frame[] => events.items.filter(({ type }) => type === 'download_progress');
    const states = (): string[] =>
      frames().flatMap(({ data }) => ('state' in data && 'total_bytes' in data ? [data.state] : []));
    await vi.waitFor(() => expect(states()).toEqual(expect.arrayContaining(['queued', 'running', 'done'])), PATIENCE);
    stop.abort();
    expect(JSON.stringify(frames())).not.toContain('signed');
  });
  it('of a program that must stay offline sends nothing, and says why', async () => {
    const client = new Client(server.url);
    const { id } = await client.createDownload({ model: 'acme/demo:Q8_0' });
    await client.pauseDownload(id);
    const sent = host.requests.length;
    await server.end('SIGTERM');
    variables = ['env', 'HF_HUB_OFFLINE=1'];
    await server.start();
    await client.resumeDownload(id);
    await vi.waitFor(async () => expect((await client.getDownload(id)).state).toBe('failed'), PATIENCE);
    expect((await client.getDownload(id)).error?.message).toContain('HF_HUB_OFFLINE');
    expect(host.requests).toHaveLength(sent);
  });
});
