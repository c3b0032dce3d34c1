import { readFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { call, type GatewayServer, listen, type Listening, startGateway } from '../testing/gateway-harness.ts';

/**
 * Replays recorded answers of engines byte by byte through the gateway, which must not lose, add or change a byte. The
 * expected answer is the one that Node's client reads from the engine directly.
 */

/** An answer as sent over the connection, one character for each byte; recorded by `scripts/record-answers.ts`. */
interface Recorded {
  method: string;
  url: string;
  wire: string;
}
const RECORDED = JSON.parse(readFileSync(path.join(import.meta.dirname, 'answers.json'), 'utf8')) as Recorded[];

/** Lengths of the pieces into which a text is split, used in turn. */
type Cuts = readonly number[];
const WHOLE: Cuts = [Number.POSITIVE_INFINITY];

let engine: Listening;
let gateway: GatewayServer;
/** The next answer of the engine. */
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

/** Returns the parts of an answer that the gateway must not change. */
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
])('a recorded answer that arrives %s', (_title, cuts) => {
  test.each(RECORDED.map((recorded, index) => [index, recorded.method, recorded.url, recorded] as const))(
    'passes unchanged: %i %s %s',
    async (_index, _method, _url, recorded) => {
      await expectFaithful(Buffer.from(recorded.wire, 'latin1'), cuts, recorded);
    },
  );
});

test('the recorded answers cover every API, also with streams', () => {
  const urls = RECORDED.filter(({ wire }) => wire.startsWith('HTTP/1.1 200')).map(({ url }) => url);
  const apis = ['chat/completions', 'completions', 'responses', 'messages', 'embeddings', 'models'];
  expect(urls).toEqual(expect.arrayContaining(apis.map((api) => `/v1/${api}`)));
  expect(RECORDED.filter(({ wire }) => /^data: /m.test(wire)).length).toBeGreaterThan(4);
});

describe('an arbitrary answer', () => {
  const line = fc.string({
    unit: fc.constantFrom('data: ', '{"a":"', '"}', '\u{1F600}', 'é', ':', 'x'.repeat(40), '\0'),
  });
  const events = fc
    .array(fc.tuple(line, fc.constantFrom('\n', '\r\n', '\r', '\n\n', '\r\n\r\n')), { minLength: 1, maxLength: 12 })
    .map((lines) => Buffer.from(lines.flat().join('')));
  const cuts = fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 6 });
  const head = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n';
  const post = { method: 'POST', url: '/v1/chat/completions' };

  /** Returns the body in chunks that end anywhere, also within a character. */
  function chunked(body: Buffer, sizes: Cuts): Buffer {
    const pieces: Buffer[] = [Buffer.from(`${head}Transfer-Encoding: chunked\r\n\r\n`)];
    for (let at = 0, turn = 0; at < body.length; turn += 1) {
      const piece = body.subarray(at, at + (sizes[turn % sizes.length] ?? 1));
      pieces.push(Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from('\r\n'));
      at += piece.length;
    }
    return Buffer.concat([...pieces, Buffer.from('0\r\n\r\n')]);
  }

  test('in chunks passes unchanged', async () => {
    await fc.assert(
      fc.asyncProperty(events, cuts, cuts, (body, sizes, places) => expectFaithful(chunked(body, sizes), places, post)),
      { numRuns: 60 },
    );
  });

  test('of known length, or until the end of the connection, passes unchanged', async () => {
    await fc.assert(
      fc.asyncProperty(events, cuts, fc.boolean(), (body, places, isKnown) => {
        const framing = isKnown ? `Content-Length: ${body.length}\r\n\r\n` : '\r\n';
        return expectFaithful(Buffer.concat([Buffer.from(head + framing), body]), places, post);
      }),
      { numRuns: 40 },
    );
  });
});
