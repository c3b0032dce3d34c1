import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type AnswerHead, AnswerParser, MalformedAnswer } from './answer-parser.ts';

/** The parsed answer. */
interface ParsedAnswer {
  information: number[];
  head: AnswerHead | null;
  body: string;
  trailers: string[] | null;
  parser: AnswerParser;
}

interface ReadOptions {
  method?: string;
  isUpgradeWanted?: boolean;
  /** Whether the engine closes the connection after the answer. */
  isClosed?: boolean;
}

/** Parses an answer that arrives in these pieces. */
function read(
  pieces: readonly string[],
  { method = 'GET', isUpgradeWanted = false, isClosed = false }: ReadOptions = {},
): ParsedAnswer {
  const parser = new AnswerParser(method, isUpgradeWanted, {
    information: (status) => void answer.information.push(status),
    head: (head) => void (answer.head = head),
    data: (bytes) => void (answer.body += bytes.toString('latin1')),
    end: (bytes, trailers) => {
      answer.body += bytes.toString('latin1');
      answer.trailers = trailers;
    },
  });
  const answer: ParsedAnswer = { information: [], head: null, body: '', trailers: null, parser };
  // One buffer for all pieces, as with connections: bytes that are kept after a push would visibly change.
  const shared = Buffer.alloc(Math.max(0, ...pieces.map((piece) => piece.length)));
  for (const piece of pieces) {
    shared.write(piece, 'latin1');
    parser.push(shared.subarray(0, piece.length));
    shared.fill('#');
  }
  if (isClosed) parser.finish();
  return answer;
}

/** Splits a text at arbitrary positions. */
const cut = (text: string): fc.Arbitrary<string[]> =>
  fc.uniqueArray(fc.nat(text.length), { maxLength: 8 }).map((places) => {
    const edges = [0, ...places.toSorted((one, other) => one - other), text.length];
    return edges.slice(1).map((edge, index) => text.slice(edges[index], edge));
  });

const latin1 = fc.string({ unit: fc.nat(255).map((code) => String.fromCharCode(code)), maxLength: 40 });
const chunked = (chunks: readonly string[], trailers = ''): string =>
  `${chunks.map((chunk) => `${chunk.length.toString(16)}\r\n${chunk}\r\n`).join('')}0\r\n${trailers}\r\n`;

describe('an answer that is split anywhere', () => {
  test('is parsed if it has a known length', () => {
    fc.assert(
      fc.property(
        latin1.chain((body) =>
          cut(`HTTP/1.1 200 OK\r\nX-A: 1\r\nContent-Length: ${body.length}\r\n\r\n${body}`).map(
            (pieces) => [body, pieces] as const,
          ),
        ),
        ([body, pieces]) => {
          const answer = read(pieces);
          expect(answer).toMatchObject({
            body,
            trailers: [],
            head: { status: 200, phrase: 'OK', length: body.length },
          });
          expect(answer.head?.rawHeaders).toEqual(['X-A', '1', 'Content-Length', String(body.length)]);
          expect(answer.parser.leavesConnection).toBe(true);
        },
      ),
    );
  });

  test('is parsed if it has chunks, trailers and interim answers', () => {
    const chunks = fc.array(
      latin1.filter((chunk) => chunk !== ''),
      { maxLength: 5 },
    );
    fc.assert(
      fc.property(
        chunks.chain((list) => {
          const head = 'HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 200 \r\nTransfer-Encoding: Chunked\r\n\r\n';
          return cut(head + chunked(list, 'X-Sum: 7\r\n')).map((pieces) => [list.join(''), pieces] as const);
        }),
        ([body, pieces]) => {
          const answer = read(pieces);
          expect(answer).toMatchObject({ body, trailers: ['X-Sum', '7'], information: [102] });
          expect(answer.head).toMatchObject({ status: 200, phrase: '', length: null });
          // llama-server closes the connection unannounced.
          expect(answer.parser.leavesConnection).toBe(false);
        },
      ),
    );
  });

  test('is parsed if it ends with the connection', () => {
    fc.assert(
      fc.property(
        latin1.chain((body) => cut(`HTTP/1.0 200 OK\r\n\r\n${body}`).map((pieces) => [body, pieces] as const)),
        ([body, pieces]) => {
          expect(read(pieces).trailers).toBe(null);
          expect(read(pieces, { isClosed: true })).toMatchObject({ body, trailers: [] });
        },
      ),
    );
  });

  test('is malformed if it breaks off', () => {
    const whole = [
      `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${chunked(['one', 'two'], 'X-A: 1\r\n')}`,
      'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwhole',
    ];
    for (const text of whole) {
      for (let length = 0; length < text.length; length += 1) {
        expect(() => read([text.slice(0, length)], { isClosed: true })).toThrow(MalformedAnswer);
      }
      expect(read([text], { isClosed: true }).trailers).not.toBe(null);
    }
  });
});

test('chunks that arrive together are passed on together', () => {
  const parts: string[] = [];
  const parser = new AnswerParser('GET', false, {
    information: () => undefined,
    head: () => undefined,
    data: (bytes) => parts.push(bytes.toString()),
    end: (bytes) => parts.push(`${bytes.toString()}.`),
  });
  parser.push(
    Buffer.from('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x="y"\r\none\r\n3\r\ntwo\r\n5\r\nth'),
  );
  parser.push(Buffer.from('ree\r\n1\r\n!\r\n0\r\n\r\n'));
  expect(parts).toEqual(['onetwoth', 'ree!.']);
});

test.each([
  ['HEAD', 'HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n', 12],
  ['HEAD', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n', null],
  ['GET', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 12\r\n\r\n', 12],
  ['GET', 'HTTP/1.1 204 No Content\r\nContent-Length: 12\r\n\r\n', null],
  ['GET', 'HTTP/1.1 204 No Content\r\n\r\n', null],
])('the answer to %s %j has no body, and its connection can be used again', (method, text, length) => {
  const answer = read([text], { method });
  expect(answer).toMatchObject({ body: '', trailers: [], head: { length } });
  expect(answer.parser.leavesConnection).toBe(true);
});

test.each([
  ['announces it', 'HTTP/1.1 200 OK\r\nConnection: x, Close\r\nContent-Length: 1\r\n\r\na'],
  ['speaks HTTP/1.0', 'HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\na'],
  ['sent more than its answer', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nab'],
  ['sent more than an empty answer', 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200 OK\r\n\r\n'],
  ['sent a forbidden body', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 1\r\n\r\na'],
])('the connection is not used again when the engine %s', (_title, text) => {
  const { parser } = read([text]);
  expect([parser.isComplete, parser.leavesConnection]).toEqual([true, false]);
  const { parser: later } = read(text.split(''));
  expect(later.leavesConnection).toBe(false);
});

test('101 is valid only for an upgrade, and the bytes after it are not parsed', () => {
  const text = 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n';
  expect(() => read([text])).toThrow(MalformedAnswer);
  const answer = read([text], { isUpgradeWanted: true });
  expect(answer).toMatchObject({ head: { status: 101 }, trailers: null });
  const { parser } = read([], { isUpgradeWanted: true });
  expect(parser.push(Buffer.from(`${text}frames`))).toBe(text.length);
});

describe('the parser refuses', () => {
  const after = (headers: string, body = ''): string => `HTTP/1.1 200 OK\r\n${headers}\r\n\r\n${body}`;
  test.each([
    ['another protocol', 'what?\r\n\r\n'],
    ['another version', 'HTTP/2.0 200 OK\r\n\r\n'],
    ['a status of two digits', 'HTTP/1.1 20 OK\r\n\r\n'],
    ['a status of four digits', 'HTTP/1.1 2000\r\n\r\n'],
    ['an empty line first', '\r\nHTTP/1.1 200 OK\r\n\r\n'],
    ['lines that end in LF', 'HTTP/1.1 200 OK\nContent-Length: 0\n\n'],
    ['one line that ends in LF', 'HTTP/1.1 200 OK\r\nX-A: 1\nContent-Length: 1\r\n\r\na'],
    ['a header without a colon', after('X-A')],
    ['a header without a name', after(': 1')],
    ['a space before the colon', after('Content-Length : 1', 'a')],
    ['a folded header', after('X-A: 1\r\n 2')],
    ['a control character', after('X-A: \u0000')],
    ['a lone CR', after('X-A: 1\rContent-Length: 5')],
    ['two lengths', after('Content-Length: 1\r\nContent-Length: 2', 'ab')],
    ['the same length twice', after('Content-Length: 1\r\nContent-Length: 1', 'a')],
    ['a list of lengths', after('Content-Length: 1, 1', 'a')],
    ['a length with a sign', after('Content-Length: +1', 'a')],
    ['a length that is too large for a number', after('Content-Length: 99999999999999999')],
    ['a length beside chunks', after('Content-Length: 1\r\nTransfer-Encoding: chunked', '0\r\n\r\n')],
    ['another encoding', after('Transfer-Encoding: gzip, chunked', '0\r\n\r\n')],
    ['an encoding twice', after('Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked', '0\r\n\r\n')],
    ['a chunk without a size', after('Transfer-Encoding: chunked', '\r\n')],
    ['a size with a sign', after('Transfer-Encoding: chunked', '-1\r\n')],
    ['a size in another notation', after('Transfer-Encoding: chunked', '0x1\r\na\r\n')],
    ['a size that is too large for a number', after('Transfer-Encoding: chunked', 'fffffffffffffff\r\n')],
    ['a size line that ends in LF', after('Transfer-Encoding: chunked', '1\na\r\n')],
    ['a chunk longer than its size', after('Transfer-Encoding: chunked', '1\r\nab\r\n')],
    ['a chunk that ends in LF', after('Transfer-Encoding: chunked', '1\r\na\n')],
    ['an invalid trailer', after('Transfer-Encoding: chunked', '0\r\nX A: 1\r\n\r\n')],
  ])('%s', (_title, text) => {
    expect(() => read([text])).toThrow(MalformedAnswer);
    expect(() => read(text.split(''))).toThrow(MalformedAnswer);
  });

  test.each([
    ['a head', 'HTTP/1.1 200 OK\r\n', 'X-A: 1\r\n'],
    ['a chunk extension', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;', 'x'],
    ['trailers', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n', 'X-A: 1\r\n'],
    ['one trailer', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n', 'x'],
  ])('%s without end', (_title, start, more) => {
    expect(() =>
      read([start, ...Array.from({ length: 70 }, () => more.repeat(Math.ceil(1024 / more.length)))]),
    ).toThrow(/too (?:long|many)/);
  });
});
