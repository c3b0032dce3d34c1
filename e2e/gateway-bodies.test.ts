import { once } from 'node:events';
import { type IncomingMessage, request as httpRequest } from 'node:http';
import { connect, type Socket } from 'node:net';
import { readFile, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { isLong } from '../scripts/test-tier.ts';
import { block, bodyEngine, BodyHash } from './body-engine.ts';
import { ServerProcess } from './server-process.ts';

/** Bodies through the real program: as large as one likes in memory that does not grow, and every form that HTTP has for them. */

const MEGABYTE = 2 ** 20;
const SIZE = (isLong ? 1_024 : 256) * MEGABYTE;
/**
 * Node lets 64 MB of buffers lie before it collects what it does not need any more: up to 75 MB were seen, of 256 MB as of
 * 1 GB. A body that is kept would show.
 */
const MOST_GROWTH = 128 * MEGABYTE;
/** Bytes that sockets may hold when the other end does not read: the system lets them grow to dozens of megabytes (40 were seen). */
const MOST_ON_THE_WAY = SIZE / 2;
const PROXY = '/api/instances/x/proxy';
/** Each framing and each door is in the push tier once; the long tier has all pairs. */
const OTHER_WAYS = [
  ['chunked', '/v1/swallow?model=x'],
  ['of known length', `${PROXY}/swallow`],
] as const;

let server: ServerProcess;

beforeAll(async () => {
  server = await ServerProcess.create(bodyEngine());
  await server.start();
  expect((await server.call('POST', '/api/instances', { name: 'x', engine: 'body' })).status).toBe(201);
  expect((await server.call('POST', '/api/instances/x/start?wait=true')).status).toBe(200);
  // what is loaded and compiled with the first of each is not of the bodies
  await upload(`${PROXY}/swallow`, 'chunked', 16 * MEGABYTE, openGate);
  await download(`${PROXY}/pour/${16 * MEGABYTE}`, async () => undefined);
});

afterAll(() => server.dispose());

/** Bytes of the server's memory, now and at most so far. */
async function memory(): Promise<{ now: number; peak: number }> {
  const status = await readFile(`/proc/${server.pid}/status`, 'utf8');
  const of = (key: string): number => Number(new RegExp(`^${key}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]) * 1_024;
  return { now: of('VmRSS'), peak: of('VmHWM') };
}

/** How far above what it is now the server's memory ever was until `work` was done. */
async function growthDuring(work: () => Promise<void>): Promise<number> {
  // the peak starts again from zero
  await writeFile(`/proc/${server.pid}/clear_refs`, '5');
  const { now } = await memory();
  await work();
  return (await memory()).peak - now;
}

/** Lets the engine read the body that waits at its gate, or comes to it. */
async function openGate(): Promise<void> {
  const isThere = async (): Promise<void> => expect((await gate()).waiting).toBe(1);
  await vi.waitFor(isThere, { interval: 10, timeout: 30_000 });
  await server.call('POST', `${PROXY}/gate`);
}

async function gate(): Promise<{ waiting: number; poured: number }> {
  return (await server.call('GET', `${PROXY}/gate`)).body as { waiting: number; poured: number };
}

/** Resolves to a number when it has been the same in 15 looks. */
async function settled(look: () => Promise<number> | number): Promise<number> {
  let last = -1;
  let same = 0;
  return vi.waitFor(
    async () => {
      const seen = await look();
      same = seen === last ? same + 1 : 0;
      last = seen;
      expect(same).toBeGreaterThan(15);
      return seen;
    },
    { interval: 10, timeout: 60_000 },
  );
}

/**
 * Sends a large body as fast as it is taken, and calls `whenStuck` when nothing of it is taken any more. Resolves to what it
 * was, and what the engine says it was.
 */
async function upload(
  path: string,
  framing: 'of known length' | 'chunked',
  size: number,
  whenStuck: (sent: () => number) => Promise<void>,
): Promise<{ sent: unknown; arrived: unknown }> {
  const headers = framing === 'chunked' ? { 'transfer-encoding': 'chunked' } : { 'content-length': size };
  const request = httpRequest({ host: '127.0.0.1', port: server.port, path, method: 'POST', agent: false, headers });
  const answered = once(request, 'response') as Promise<[IncomingMessage]>;
  const hash = new BodyHash();
  const send = async (): Promise<void> => {
    for (let index = 0; hash.bytes < size; index += 1) {
      const bytes = block(index);
      hash.add(bytes);
      if (!request.write(bytes)) await Promise.race([once(request, 'drain'), answered]);
    }
    request.end();
  };
  await Promise.all([send(), whenStuck(() => hash.bytes)]);
  const [answer] = await answered;
  let text = '';
  for await (const chunk of answer.setEncoding('utf8')) text += String(chunk);
  return { sent: hash.result(), arrived: JSON.parse(text) as unknown };
}

/** Reads the first bytes of an answer, then none until `whileStuck` is over, then the rest. Resolves to what it was. */
async function download(path: string, whileStuck: () => Promise<void>): Promise<unknown> {
  const request = httpRequest({ host: '127.0.0.1', port: server.port, path, agent: false }).end();
  const [answer] = (await once(request, 'response')) as [IncomingMessage];
  const hash = new BodyHash();
  const first = Promise.withResolvers<void>();
  answer.on('data', (chunk: Buffer) => {
    if (hash.bytes === 0) answer.pause();
    hash.add(chunk);
    first.resolve();
  });
  await first.promise;
  await whileStuck();
  answer.resume();
  await once(answer, 'end');
  return hash.result();
}

function pouredBody(size: number): unknown {
  const hash = new BodyHash();
  for (let index = 0; hash.bytes < size; index += 1) hash.add(block(index));
  return hash.result();
}

describe(`a body of ${SIZE / MEGABYTE} MB`, () => {
  it.each([
    ['of known length', '/v1/swallow?model=x'],
    ['chunked', `${PROXY}/swallow`],
    ...(isLong ? OTHER_WAYS : []),
  ] as const)(
    '%s arrives byte by byte through %s, at the pace of the engine, in memory that does not grow',
    async (framing, path) => {
      const growth = await growthDuring(async () => {
        const { sent, arrived } = await upload(path, framing, SIZE, async (sentSoFar) => {
          // the engine reads nothing yet: soon nothing more is taken of us either
          expect(await settled(sentSoFar)).toBeLessThan(MOST_ON_THE_WAY);
          await openGate();
        });
        expect(arrived).toEqual(sent);
      });
      expect(growth).toBeLessThan(MOST_GROWTH);
    },
  );

  it.each(isLong ? ['', '?chunked'] : ['?chunked'])(
    'is read at the pace of its caller, and no faster of the engine (pour%s)',
    async (query) => {
      const growth = await growthDuring(async () => {
        const got = await download(`${PROXY}/pour/${SIZE}${query}`, async () => {
          expect(await settled(async () => (await gate()).poured)).toBeLessThan(MOST_ON_THE_WAY);
        });
        expect(got).toEqual(pouredBody(SIZE));
      });
      expect(growth).toBeLessThan(MOST_GROWTH);
    },
  );
});

/** A connection on which requests follow each other, byte by byte as a test writes them. */
class Wire {
  readonly #socket: Socket;
  #received = '';

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (bytes: Buffer) => (this.#received += bytes.toString('latin1')));
  }

  static async open(): Promise<Wire> {
    const socket = connect({ port: server.port, host: '127.0.0.1', noDelay: true });
    await once(socket, 'connect');
    return new Wire(socket);
  }

  write(text: string): void {
    this.#socket.write(text, 'latin1');
  }

  /** Resolves to what has come up to `end`, which is gone then. */
  async until(end: RegExp): Promise<string> {
    for (;;) {
      const found = end.exec(this.#received);
      if (found !== null) {
        const past = found.index + found[0].length;
        const text = this.#received.slice(0, past);
        this.#received = this.#received.slice(past);
        return text;
      }
      await Promise.race([once(this.#socket, 'data'), once(this.#socket, 'close').then(() => expect.fail('closed'))]);
    }
  }

  /** Sends a request and resolves to what the engine saw of it, and the trailers of the answer. */
  async mirrored(request: string): Promise<{ seen: Seen; trailers: string }> {
    this.write(request);
    await this.until(/HTTP\/1\.1 200 OK\r\n/);
    const answer = await this.until(/\r\n0\r\n(?:.+\r\n)*\r\n/);
    const json = /^\{.*\}\r$/m.exec(answer)?.[0] ?? '';
    return {
      seen: JSON.parse(Buffer.from(json, 'latin1').toString()) as Seen,
      trailers: answer.slice(answer.lastIndexOf('\r\n0\r\n') + 5).trim(),
    };
  }

  close(): void {
    this.#socket.destroy();
  }
}

interface Seen {
  method: string;
  headers: Record<string, string>;
  trailers: Record<string, string>;
  body: string;
}

describe.each(['/v1/mirror?model=x', `${PROXY}/mirror`])('on one connection, to %s', (path) => {
  const head = (method: string, ...lines: string[]): string =>
    [`${method} ${path} HTTP/1.1`, 'Host: localhost', ...lines, '', ''].join('\r\n');

  it('every form of a body passes, one request after the other', async () => {
    const wire = await Wire.open();
    try {
      const framingOf = ({ seen: { headers } }: { seen: Seen }): unknown => [
        headers['content-length'],
        headers['transfer-encoding'],
      ];

      const chunked = await wire.mirrored(
        `${head('POST', 'Transfer-Encoding: chunked', 'Trailer: X-Mine')}5;ext=1\r\n\r\n\0\xFFx\r\n1\r\ny\r\n0\r\nX-Mine: 7\r\n\r\n`,
      );
      expect(framingOf(chunked)).toEqual([undefined, 'chunked']);
      expect(chunked.seen).toMatchObject({ body: '\r\n\0\xFFxy', trailers: { 'x-mine': '7' } });
      expect(chunked.trailers).toBe('X-Sum: 6');

      const known = await wire.mirrored(`${head('POST', 'Content-Length: 3')}a\r\n`);
      expect([framingOf(known), known.seen.body]).toEqual([['3', undefined], 'a\r\n']);

      const empty = await wire.mirrored(head('POST', 'Content-Length: 0'));
      expect([framingOf(empty), empty.seen.body]).toEqual([['0', undefined], '']);

      const none = await wire.mirrored(head('GET'));
      expect([framingOf(none), none.seen.body]).toEqual([[undefined, undefined], '']);

      const emptyChunked = await wire.mirrored(`${head('PUT', 'Transfer-Encoding: chunked')}0\r\n\r\n`);
      expect([emptyChunked.seen.method, emptyChunked.seen.body]).toEqual(['PUT', '']);

      wire.write(head('HEAD'));
      expect(await wire.until(/\r\n\r\n/)).toMatch(/^HTTP\/1\.1 200 OK\r\n(?:.+\r\n)*content-length: 5\r\n/i);

      wire.write(head('POST', 'Expect: 100-continue', 'Content-Length: 4'));
      await wire.until(/^HTTP\/1\.1 100 Continue\r\n\r\n/);
      const expected = await wire.mirrored('late');
      expect([expected.seen.body, expected.seen.headers['expect']]).toEqual(['late', undefined]);
    } finally {
      wire.close();
    }
  });
});
