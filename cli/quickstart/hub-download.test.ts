import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { access, readdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { downloadFromHub } from './hub-download.ts';
import type { HubDownload } from './hub-download.ts';
import { tempFolder } from './temp-folder.ts';

const CONTENT = Buffer.from(Array.from({ length: 300_000 }, (_, index) => (index * 7) % 251));
const SHA256 = createHash('sha256').update(CONTENT).digest('hex');

/** `bytes` are the byte counts reported so far. */
type Answer = (request: IncomingMessage, response: ServerResponse, offset: number, bytes: readonly number[]) => unknown;

/** Answers like a plain file server with ranges. */
const sendRest: Answer = (_, response, offset) => {
  const range = { 'content-range': `bytes ${offset}-${CONTENT.length - 1}/${CONTENT.length}` };
  response.writeHead(offset > 0 ? 206 : 200, offset > 0 ? range : {});
  response.end(CONTENT.subarray(offset));
};

/**
 * Sends this many bytes from the offset on, and cuts the connection once they were counted. (Cut earlier, the client
 * loses the bytes that it has not read yet.)
 */
function sendAndCut(length: number): Answer {
  return (_, response, offset, bytes) => {
    const range = { 'content-range': `bytes ${offset}-${CONTENT.length - 1}/${CONTENT.length}` };
    response.writeHead(offset > 0 ? 206 : 200, { 'content-length': CONTENT.length - offset, ...(offset > 0 && range) });
    response.flushHeaders();
    response.write(CONTENT.subarray(offset, offset + length));
    void vi
      .waitFor(() => expect(bytes.at(-1)).toBe(offset + length), { interval: 2, timeout: 10_000 })
      .then(() => response.socket?.destroy());
  };
}

interface Hub {
  download: HubDownload;
  /** `METHOD range` of each request. */
  requests: string[];
  bytes: number[];
  close: () => Promise<void>;
}

/** A hub on loopback: `answers` serve the GETs in order, the last one all further ones. */
async function hub(answers: Answer[], head: Answer = (_, response) => response.end()): Promise<Hub> {
  const requests: string[] = [];
  const bytes: number[] = [];
  const server = createServer((request, response) => {
    requests.push([request.method, request.headers.range].join(' ').trim());
    const answer = request.method === 'HEAD' ? head : answers.length > 1 ? answers.shift() : answers[0];
    answer?.(request, response, Number(/\d+/.exec(request.headers.range ?? '0')?.[0]), bytes);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    if (server.listening) await server[Symbol.asyncDispose]();
  };
  onTestFinished(close);
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  const file = path.join(await tempFolder(), 'model.gguf');
  const url = `http://127.0.0.1:${port}/maker/name/resolve/main/model.gguf`;
  const onBytes = (count: number): void => void bytes.push(count);
  return { requests, bytes, close, download: { url, file, size: CONTENT.length, sha256: SHA256, onBytes } };
}

/** Asserts that the model is there, complete, and alone. */
async function expectWhole({ download }: Hub): Promise<void> {
  expect((await readFile(download.file)).equals(CONTENT)).toBe(true);
  expect(await readdir(path.dirname(download.file))).toEqual(['model.gguf']);
}

async function expectNothing({ download }: Hub): Promise<void> {
  expect(await readdir(path.dirname(download.file))).toEqual([]);
}

test('downloads a complete file, and counts its bytes', async () => {
  const fake = await hub([sendRest]);
  await downloadFromHub(fake.download);
  await expectWhole(fake);
  expect(fake.requests).toEqual(['HEAD', 'GET']);
  expect(fake.bytes[0]).toBe(0);
  expect(fake.bytes.at(-1)).toBe(CONTENT.length);
  expect(fake.bytes).toEqual([...fake.bytes].sort((a, b) => a - b));
});

test('follows the redirect of a hub to its storage', async () => {
  const redirect: Answer = (_, response) => {
    const linked = { 'x-linked-size': `${CONTENT.length}`, 'x-linked-etag': `"${SHA256}"` };
    response.writeHead(302, { location: '/storage', ...linked }).end();
  };
  const serve: Answer = (request, response, offset) =>
    (request.url === '/storage' ? sendRest : redirect)(request, response, offset, []);
  const fake = await hub([serve], redirect);
  await downloadFromHub(fake.download);
  await expectWhole(fake);
});

test('resumes an earlier attempt', async () => {
  const fake = await hub([sendRest]);
  await writeFile(`${fake.download.file}.partial`, CONTENT.subarray(0, 1000));
  await downloadFromHub(fake.download);
  await expectWhole(fake);
  expect(fake.requests).toEqual(['HEAD', 'GET bytes=1000-']);
  expect(fake.bytes[0]).toBe(1000);
});

test('resumes a cut connection while each attempt receives bytes', async () => {
  const fake = await hub([sendAndCut(100_000), sendAndCut(50_000), sendRest]);
  await downloadFromHub(fake.download);
  await expectWhole(fake);
  expect(fake.requests).toHaveLength(4);
  expect(fake.requests[3]).toBe('GET bytes=150000-');
});

test('gives up when no more bytes arrive, and keeps the partial download for the next call', async () => {
  const fake = await hub([sendAndCut(100_000), sendAndCut(0), sendRest]);
  await expect(downloadFromHub(fake.download)).rejects.toThrow(/^the connection to 127\.0\.0\.1:\d+ failed \(/);
  await expect(access(fake.download.file)).rejects.toThrow('ENOENT');
  await downloadFromHub(fake.download);
  await expectWhole(fake);
  expect(fake.requests.at(-1)).toBe('GET bytes=100000-');
});

test.each<[string, Answer]>([
  ['ignores the range', (request, response) => sendRest(request, response, 0, [])],
  [
    'continues at another offset',
    (request, response, offset) => {
      if (offset === 0) sendRest(request, response, 0, []);
      else response.writeHead(206, { 'content-range': `bytes 0-${CONTENT.length - 1}/${CONTENT.length}` }).end(CONTENT);
    },
  ],
  [
    'finds the range not satisfiable',
    (request, response, offset) => (offset === 0 ? sendRest(request, response, 0, []) : response.writeHead(416).end()),
  ],
])('starts again if the hub %s', async (_, answer) => {
  const fake = await hub([answer]);
  await writeFile(`${fake.download.file}.partial`, 'x'.repeat(1000));
  await downloadFromHub(fake.download);
  await expectWhole(fake);
});

test('only verifies a complete partial file', async () => {
  const fake = await hub([sendRest]);
  await writeFile(`${fake.download.file}.partial`, CONTENT);
  await downloadFromHub(fake.download);
  await expectWhole(fake);
  expect(fake.requests).toEqual(['HEAD']);
});

test('refuses and deletes a file with other content', async () => {
  const fake = await hub([(_, response) => response.end(Buffer.from(CONTENT).fill(0, 5, 6))]);
  await expect(downloadFromHub(fake.download)).rejects.toThrow(/^the file's sha256 is [0-9a-f]{64} instead of /);
  await expectNothing(fake);
});

test('refuses a longer file before it fills the disk', async () => {
  const fake = await hub([(_, response) => response.end(Buffer.concat([CONTENT, CONTENT]))]);
  await expect(downloadFromHub(fake.download)).rejects.toThrow(/sends more than 300000 bytes$/);
});

test.each([
  ['size', { 'x-linked-size': '1' }],
  ['hash', { 'x-linked-etag': `"${'0'.repeat(64)}"` }],
])('does not download from a hub with another %s', async (_, headers) => {
  const fake = await hub([sendRest], (_request, response) =>
    response.writeHead(302, { location: '/', ...headers }).end(),
  );
  await expect(downloadFromHub(fake.download)).rejects.toThrow(
    /^127\.0\.0\.1:\d+ has a different file under this name$/,
  );
  expect(fake.requests).toEqual(['HEAD']);
});

test("reports the hub's answer for a missing file", async () => {
  const fake = await hub([sendRest], (_, response) => response.writeHead(404).end());
  await expect(downloadFromHub(fake.download)).rejects.toThrow(
    /^127\.0\.0\.1:\d+ answered 404 Not Found for \/maker\/name\/resolve\/main\/model\.gguf$/,
  );
  await expectNothing(fake);
});

test('downloads from a server without HEAD', async () => {
  const fake = await hub([sendRest], (_, response) => response.writeHead(405).end());
  await downloadFromHub(fake.download);
  await expectWhole(fake);
});

test("reports the hub's answer when it refuses the file", async () => {
  const fake = await hub([(_, response) => response.writeHead(503).end()]);
  await expect(downloadFromHub(fake.download)).rejects.toThrow(/ answered 503 Service Unavailable /);
});

test('reports a refused connection', async () => {
  const fake = await hub([sendRest]);
  await fake.close();
  await expect(downloadFromHub(fake.download)).rejects.toThrow(
    /^the connection to 127\.0\.0\.1:\d+ failed \(ECONNREFUSED\)$/,
  );
});

test('gives up soon if a hub never answers', async () => {
  const fake = await hub([sendRest], () => undefined);
  await expect(downloadFromHub({ ...fake.download, timeouts: { probeMs: 30 } })).rejects.toThrow(
    /^no answer from 127\.0\.0\.1:\d+ within 30 ms$/,
  );
});

describe('with a fake clock', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
  afterEach(() => void vi.useRealTimers());

  test('gives up a stalled download after 20 s', async () => {
    const fake = await hub([(_, response) => response.writeHead(200).flushHeaders()]);
    const outcome = downloadFromHub(fake.download).catch((error: unknown) => error);
    await vi.waitFor(() => expect(fake.bytes).toEqual([0]), { timeout: 10_000 });
    await vi.advanceTimersByTimeAsync(20_000);
    expect(await outcome).toMatchObject({ message: 'no data for 20000 ms' });
  });

  test('continues a slow download while bytes arrive', async () => {
    const slow: Answer = async (_, response, _offset, bytes) => {
      for (let sent = 0; sent < CONTENT.length; sent += 100_000) {
        response.write(CONTENT.subarray(sent, sent + 100_000));
        await vi.waitFor(() => expect(bytes.at(-1)).toBe(sent + 100_000), { timeout: 10_000, interval: 1 });
        await vi.advanceTimersByTimeAsync(15_000);
      }
      response.end();
    };
    const fake = await hub([slow]);
    await downloadFromHub(fake.download);
    await expectWhole(fake);
  });
});

test('ends at once when aborted, and keeps the partial download', async () => {
  const abort = new AbortController();
  const fake = await hub([(_, response) => void response.writeHead(200).write(CONTENT.subarray(0, 1000))]);
  const done = downloadFromHub({ ...fake.download, signal: abort.signal });
  await vi.waitFor(() => expect(fake.bytes).toContain(1000), { interval: 5, timeout: 10_000 });
  abort.abort(new Error('stopped by the user'));
  await expect(done).rejects.toThrow('stopped by the user');
  expect(await readdir(path.dirname(fake.download.file))).toEqual(['model.gguf.partial']);
});
