import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { access, readdir, readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import path from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { downloadFromHub } from './hub-download.ts';
import type { HubDownload } from './hub-download.ts';
import { tempFolder } from './temp-folder.ts';

const CONTENT = Buffer.from(Array.from({ length: 300_000 }, (_, index) => (index * 7) % 251));
const SHA256 = createHash('sha256').update(CONTENT).digest('hex');

/** `bytes` are the byte counts reported so far. */
type Answer = (request: IncomingMessage, response: ServerResponse, offset: number, bytes: readonly number[]) => unknown;

/** Answers like a plain file server with ranges. */
const sendRest: Answer = (request, response, offset) => {
  response.writeHead(request.headers.range === undefined ? 200 : 206, rangeFrom(request, offset));
  response.end(CONTENT.subarray(offset));
};

function rangeFrom({ headers }: IncomingMessage, offset: number): Record<string, string> {
  if (headers.range === undefined) return {};
  return { 'content-range': `bytes ${offset}-${CONTENT.length - 1}/${CONTENT.length}` };
}

/**
 * Sends this many bytes from the offset on, and cuts the connection once they were counted. (Cut earlier, the client
 * loses the bytes that it has not read yet.)
 */
function sendAndCut(length: number): Answer {
  return (request, response, offset, bytes) => {
    const range = rangeFrom(request, offset);
    response.writeHead(206, { 'content-length': CONTENT.length - offset, ...range });
    response.flushHeaders();
    response.write(CONTENT.subarray(offset, offset + length));
    void vi
      .waitFor(() => expect(bytes.at(-1)).toBe(offset + length), { interval: 2, timeout: 10_000 })
      .then(() => response.socket?.destroy());
  };
}

/** Sends this many bytes, and then nothing. */
function sendAndStay(length: number): Answer {
  return (request, response, offset) => {
    response.writeHead(206, { 'content-length': CONTENT.length - offset, ...rangeFrom(request, offset) });
    response.write(CONTENT.subarray(offset, offset + length));
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
  const timeouts = { longestPauseMs: 1 };
  const expected = { size: CONTENT.length, sha256: SHA256 };
  return { requests, bytes, close, download: { url, file, ...expected, environment: {}, onBytes, timeouts } };
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
  expect(fake.requests).toEqual(['HEAD', 'GET bytes=0-299999']);
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

test('resumes a cut connection', async () => {
  const fake = await hub([sendAndCut(100_000), sendAndCut(50_000), sendRest]);
  await downloadFromHub(fake.download);
  await expectWhole(fake);
  expect(fake.requests.slice(1)).toEqual(['GET bytes=0-299999', 'GET bytes=100000-299999', 'GET bytes=150000-299999']);
});

test('gives up when no more bytes arrive, and keeps what came for the next call', async () => {
  const fake = await hub([sendAndCut(100_000), ...Array.from({ length: 10 }, () => sendAndCut(0)), sendRest]);
  await expect(downloadFromHub(fake.download)).rejects.toThrow(/^No byte came in 10 tries\. The last reason: /);
  await expect(access(fake.download.file)).rejects.toThrow('ENOENT');
  await downloadFromHub(fake.download);
  await expectWhole(fake);
  expect(fake.requests.at(-1)).toBe('GET bytes=100000-299999');
});

test('downloads from a hub that ignores ranges', async () => {
  const fake = await hub([(_, response) => response.end(CONTENT)]);
  await downloadFromHub(fake.download);
  await expectWhole(fake);
});

test('refuses and deletes a file with other content', async () => {
  const fake = await hub([(_, response) => response.end(Buffer.from(CONTENT).fill(0, 5, 6))]);
  await expect(downloadFromHub(fake.download)).rejects.toThrow(/have the sha256 [0-9a-f]{64}, but .* was announced/);
  await expectNothing(fake);
});

test('refuses a longer file before it fills the disk', async () => {
  const fake = await hub([(_, response) => response.writeHead(200, { 'content-length': 600_000 }).end(CONTENT)]);
  await expect(downloadFromHub(fake.download)).rejects.toThrow(/sends 600000 bytes, but .* announced with 300000/);
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
  const fake = await hub([(_, response) => response.writeHead(403).end()]);
  await expect(downloadFromHub(fake.download)).rejects.toThrow(/does not give this file .* \(status 403\)/);
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

test('gives up when a hub sends nothing for a time', async () => {
  const fake = await hub([(_, response) => response.writeHead(200).flushHeaders()]);
  const timeouts = { ...fake.download.timeouts, quietMs: 300 };
  await expect(downloadFromHub({ ...fake.download, timeouts })).rejects.toThrow(/^no data for 300 ms$/);
});

test('ends at once when aborted, and keeps the partial download', async () => {
  const abort = new AbortController();
  const fake = await hub([sendAndStay(1_000)]);
  const done = downloadFromHub({ ...fake.download, signal: abort.signal });
  await vi.waitFor(() => expect(fake.bytes).toContain(1000), { interval: 5, timeout: 10_000 });
  abort.abort(new Error('stopped by the user'));
  await expect(done).rejects.toThrow('stopped by the user');
  expect(await readdir(path.dirname(fake.download.file))).toEqual(['model.gguf.llamactl', 'model.gguf.llamactl.json']);
});
