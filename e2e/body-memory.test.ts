import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { type ClientRequest, type IncomingMessage, request as httpRequest } from 'node:http';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { isLong } from '../scripts/test-tier.ts';
import { bodyEngine } from './body-engine.ts';
import { ServerProcess } from './server-process.ts';

/** Large bodies for the real program from several callers: its memory has a bound, and everybody else is served. */

const MEGABYTE = 2 ** 20;
const SIZE = 63 * MEGABYTE;
const HEAD = '{"model":"x","prompt":"';
const TAIL = '"}';
/** Above what the server had before: the budget of 256 MiB, and what Node and sockets need. */
const MOST_GROWTH = 320 * MEGABYTE;
const PROXY = '/api/instances/x/proxy';

let server: ServerProcess;
let requests: ClientRequest[];

beforeEach(async () => {
  requests = [];
  server = await ServerProcess.create(
    `${bodyEngine()}server: { trusted_proxies: [127.0.0.1] }\nrate_limit: { enabled: false }\n`,
  );
  await server.start();
  expect((await server.call('POST', '/api/instances', { name: 'x', engine: 'body' })).status).toBe(201);
  expect((await server.call('POST', '/api/instances/x/start?wait=true')).status).toBe(200);
});
afterEach(() => {
  for (const each of requests) each.destroy();
  return server.dispose();
});

/** What came of a request. */
interface Outcome {
  status: number;
  headers: IncomingMessage['headers'];
  body: unknown;
}

/** Sends a body of 63 MiB of a caller with this address, as far as it is taken. */
function send(address: string, url = '/v1/swallow'): Promise<Outcome> {
  const headers = { 'content-length': SIZE, 'x-forwarded-for': address };
  const request = httpRequest({
    host: '127.0.0.1',
    port: server.port,
    path: url,
    method: 'POST',
    agent: false,
    headers,
  });
  requests.push(request);
  // One that is refused may be broken off while its body is still sent.
  request.on('error', () => undefined);
  const response = once(request, 'response') as Promise<[IncomingMessage]>;
  write(request);
  return response.then(async ([answer]) => {
    let text = '';
    for await (const chunk of answer.setEncoding('utf8')) text += String(chunk);
    return { status: answer.statusCode ?? 0, headers: answer.headers, body: JSON.parse(text) as unknown };
  });
}

/** Writes the body as fast as it is taken. */
function write(request: ClientRequest): void {
  const block = Buffer.alloc(MEGABYTE, 'x');
  let rest = SIZE - HEAD.length - TAIL.length;
  const more = (): void => {
    while (rest > 0) {
      const piece = block.subarray(0, rest);
      rest -= piece.length;
      if (!request.write(piece)) return;
    }
    request.off('drain', more).end(TAIL);
  };
  request.on('drain', more).write(HEAD);
  more();
}

/** Bytes of the server's memory: now, and at most since the last reset. */
async function memory(): Promise<{ now: number; peak: number }> {
  const status = await readFile(`/proc/${server.pid}/status`, 'utf8');
  const of = (key: string): number => Number(new RegExp(`^${key}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]) * 1_024;
  return { now: of('VmRSS'), peak: of('VmHWM') };
}

/** Resolves when so many bodies are on their way to the engine, which reads none of them. */
async function waitingAtTheGate(count: number): Promise<void> {
  const look = async (): Promise<void> => {
    const { body } = await server.call('GET', `${PROXY}/gate`);
    expect(body['waiting']).toBe(count);
  };
  await vi.waitFor(look, { interval: 20, timeout: 150_000 });
}

describe('25 bodies of 63 MiB for an engine that reads none of them', () => {
  it('take no more memory than the budget, and others are served meanwhile', async () => {
    await writeFile(`/proc/${server.pid}/clear_refs`, '5');
    const before = (await memory()).now;
    const all = Array.from({ length: 25 }, (_, index) =>
      send(`203.0.113.${index % 5}`, index % 2 === 0 ? '/v1/swallow' : '/v1/messages/swallow'),
    );
    await waitingAtTheGate(4);
    // A short request, and one that names its model in the URL.
    expect((await server.call('POST', '/v1/embeddings', { model: 'nobody' })).status).toBe(404);
    expect((await server.call('GET', `${PROXY}/gate`)).status).toBe(200);

    const refused: Outcome[] = [];
    const count = (outcome: Outcome): unknown => refused.push(outcome);
    // A connection that the end of the test breaks is no outcome.
    for (const each of all) each.then(count, () => undefined);
    await vi.waitFor(() => expect(refused).toHaveLength(21), { interval: 50, timeout: 150_000 });
    // On a starved machine these callers send less than 32 KiB a second, and a slow body gives way to others.
    const isSlow = ({ status }: Outcome): boolean => status === 408;
    for (const { status, headers, body } of refused.filter((outcome) => !isSlow(outcome))) {
      expect([429, 503]).toContain(status);
      expect(headers).toMatchObject({ 'retry-after': '5', 'x-llamactl-source': 'llamactl' });
      expect(JSON.stringify(body)).toContain('body_memory_mb');
    }
    const anthropic = refused.filter(({ body }) => (body as { type?: string }).type === 'error');
    expect(anthropic.length).toBeGreaterThan(8);
    expect((await memory()).peak - before).toBeLessThan(MOST_GROWTH);

    // Those that were let in arrive whole, and then there is room again.
    refused.length = 0;
    await server.call('POST', `${PROXY}/gate`);
    await vi.waitFor(() => expect(refused).toHaveLength(4), { interval: 50, timeout: 150_000 });
    expect(refused.map(({ body }) => (body as { bytes: number }).bytes)).toEqual([SIZE, SIZE, SIZE, SIZE]);
    const more = [1, 2, 3, 4].map((caller) => send(`203.0.113.${caller}`));
    await waitingAtTheGate(4);
    await server.call('POST', `${PROXY}/gate`);
    expect((await Promise.all(more)).map(({ status }) => status)).toEqual([200, 200, 200, 200]);
  });

  it.runIf(isLong)('of callers who leave make room for others', async () => {
    const left = [1, 2, 3, 4].map((caller) => send(`203.0.113.${caller}`));
    for (const each of left) each.catch(() => undefined);
    await waitingAtTheGate(4);
    const late = send('203.0.113.9');
    for (const each of requests.slice(0, 4)) each.destroy();
    // The engine counts those too that have gone.
    await waitingAtTheGate(5);
    await server.call('POST', `${PROXY}/gate`);
    expect((await late).status).toBe(200);
  });
});

/** Sends most of a fleet of 16 MiB of a caller with this address, as far as it is taken. */
function sendHalf(address: string): Promise<number | undefined> {
  const request = httpRequest({
    host: '127.0.0.1',
    port: server.port,
    path: '/api/apply',
    method: 'POST',
    agent: false,
    headers: {
      'content-type': 'application/json',
      'content-length': 16 * MEGABYTE,
      'x-forwarded-for': address,
    },
  });
  requests.push(request);
  request.on('error', () => undefined);
  for (let count = 0; count < 15; count += 1) request.write(Buffer.alloc(MEGABYTE, ' '));
  return (once(request, 'response') as Promise<[IncomingMessage]>).then(([answer]) => answer.resume().statusCode);
}

describe.runIf(isLong)('30 fleets of 16 MiB of which the end never comes', () => {
  it('take no more memory than the budget of the API, and requests to engines pass', async () => {
    await writeFile(`/proc/${server.pid}/clear_refs`, '5');
    const before = (await memory()).now;
    const refused: (number | undefined)[] = [];
    for (let index = 0; index < 30; index += 1) {
      sendHalf(`203.0.113.${index % 5}`).then(
        (status) => refused.push(status),
        () => undefined,
      );
    }
    await vi.waitFor(() => expect(refused).toHaveLength(26), { interval: 50, timeout: 60_000 });
    for (const status of refused) expect([429, 503]).toContain(status);
    expect((await server.call('POST', '/v1/embeddings', { model: 'nobody' })).status).toBe(404);
    expect((await server.call('POST', '/api/instances', { name: 'y', engine: 'body' })).status).toBe(201);
    expect((await memory()).peak - before).toBeLessThan(160 * MEGABYTE);
  });
});
