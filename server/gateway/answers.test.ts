import { readFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { call, type GatewayServer, listen, type Listening, startGateway } from '../testing/gateway-harness.ts';

/**
 * What engines said, played back byte by byte: nothing of it may be lost, added or changed on the way. What must come out
 * is what Node's own client reads when it is connected to the engine directly.
 */

/** An answer as it came over the wire, one byte a character; `scripts/record-answers.ts` recorded them. */
interface Recorded {
  method: string;
  url: string;
  wire: string;
}
const RECORDED = JSON.parse(readFileSync(path.join(import.meta.dirname, 'answers.json'), 'utf8')) as Recorded[];

/** Where a text is cut: after each so many bytes, in turn. */
type Cuts = readonly number[];
const WHOLE: Cuts = [Number.POSITIVE_INFINITY];

let engine: Listening;
let gateway: GatewayServer;
/** What the engine answers next. */
let playing: { wire: Buffer; cuts: Cuts };

beforeAll(async () => {
  engine = await listen(
    createServer({ noDelay: true }, (socket) => {
      socket.on('error', () => socket.destroy());
      socket.once('data', () => void play(socket));
    }),
  );
  gateway = await startGateway([{ name: 'a', port: engine.port }]);
});
afterAll(async () => {
  await gateway.close();
  await engine.close();
});

async function play(socket: Socket): Promise<void> {
  const { wire, cuts } = playing;
  for (let at = 0, turn = 0; at < wire.length; turn += 1) {
    const next = Math.min(wire.length, at + (cuts[turn % cuts.length] ?? 1));
    socket.write(wire.subarray(at, next));
    at = next;
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
  socket.end();
}

/** What must not differ: all but what is about one connection, or is ours to say. */
async function answerOf(port: number, target: string, method: string): Promise<unknown> {
  const { status, headers, rawTrailers, body } = await call(port, target, { method });
  const { 'content-type': type, 'content-length': length, server } = headers;
  return { status, type, server, length, rawTrailers, body: body.toString('latin1') };
}

async function expectFaithful(
  wire: Buffer,
  cuts: Cuts,
  { method, url }: { method: string; url: string },
): Promise<void> {
  playing = { wire, cuts: WHOLE };
  const expected = await answerOf(engine.port, url, method);
  playing = { wire, cuts };
  expect(await answerOf(gateway.port, `/api/instances/a/proxy${url}`, method)).toEqual(expected);
}

describe.each([
  ['whole', WHOLE],
  ['in pieces of odd sizes', [1, 2, 3, 5, 7, 11, 13, 1_000]],
  ['in pieces of 97 bytes', [97]],
])('a recorded answer that comes %s', (_title, cuts) => {
  test.each(RECORDED.map((recorded, index) => [index, recorded.method, recorded.url, recorded] as const))(
    'passes bit by bit: %i %s %s',
    async (_index, _method, _url, recorded) => {
      await expectFaithful(Buffer.from(recorded.wire, 'latin1'), cuts, recorded);
    },
  );
});

test('recorded are the answers of every API, streamed ones among them', () => {
  const urls = RECORDED.filter(({ wire }) => wire.startsWith('HTTP/1.1 200')).map(({ url }) => url);
  const apis = ['chat/completions', 'completions', 'responses', 'messages', 'embeddings', 'models'];
  expect(urls).toEqual(expect.arrayContaining(apis.map((api) => `/v1/${api}`)));
  expect(RECORDED.filter(({ wire }) => /^data: /m.test(wire)).length).toBeGreaterThan(4);
});

describe('an answer that nobody has given yet passes bit by bit too', () => {
  const line = fc.string({
    unit: fc.constantFrom('data: ', '{"a":"', '"}', '\u{1F600}', 'é', ':', 'x'.repeat(40), '\0'),
  });
  const events = fc
    .array(fc.tuple(line, fc.constantFrom('\n', '\r\n', '\r', '\n\n', '\r\n\r\n')), { minLength: 1, maxLength: 12 })
    .map((lines) => Buffer.from(lines.flat().join('')));
  const cuts = fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 6 });
  const head = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n';
  const post = { method: 'POST', url: '/v1/chat/completions' };

  /** The body in chunks that end anywhere, in the middle of a character too. */
  function chunked(body: Buffer, sizes: Cuts): Buffer {
    const pieces: Buffer[] = [Buffer.from(`${head}Transfer-Encoding: chunked\r\n\r\n`)];
    for (let at = 0, turn = 0; at < body.length; turn += 1) {
      const piece = body.subarray(at, at + (sizes[turn % sizes.length] ?? 1));
      pieces.push(Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from('\r\n'));
      at += piece.length;
    }
    return Buffer.concat([...pieces, Buffer.from('0\r\n\r\n')]);
  }

  test('in chunks', async () => {
    await fc.assert(
      fc.asyncProperty(events, cuts, cuts, (body, sizes, places) => expectFaithful(chunked(body, sizes), places, post)),
      { numRuns: 60 },
    );
  });

  test('of known length, and until the end of the connection', async () => {
    await fc.assert(
      fc.asyncProperty(events, cuts, fc.boolean(), (body, places, isKnown) => {
        const framing = isKnown ? `Content-Length: ${body.length}\r\n\r\n` : '\r\n';
        return expectFaithful(Buffer.concat([Buffer.from(head + framing), body]), places, post);
      }),
      { numRuns: 40 },
    );
  });
});
