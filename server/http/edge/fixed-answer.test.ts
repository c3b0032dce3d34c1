import { createConnection } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { acceptsGzip } from './fixed-answer.ts';
import { testConfig, testServer, textOf, type TestServer } from '../../testing/http-harness.ts';

const PAGE = 'https://app.example';
let test: TestServer;

beforeEach(() => {
  test = testServer({ config: testConfig({ server: { allowed_origins: [PAGE] } }) });
});
afterEach(async () => test.server.close());

describe('the description of the API', () => {
  const [url, type] = ['/api/openapi.json', 'application/json; charset=utf-8'];
  const ask = async (headers: Record<string, string> = {}, method: 'GET' | 'HEAD' = 'GET') =>
    test.inject({ method, url, headers });

  it('has the same bytes each time, compressed for callers that accept it', async () => {
    const plain = await ask();
    expect([plain.statusCode, plain.headers['content-type']]).toEqual([200, type]);
    expect(plain.headers).not.toHaveProperty('content-encoding');
    const packed = await ask({ 'accept-encoding': 'gzip, deflate, br' });
    expect([packed.headers['content-type'], packed.headers['content-encoding']]).toEqual([type, 'gzip']);
    expect(gunzipSync(packed.rawPayload).equals(plain.rawPayload)).toBe(true);
    expect(packed.rawPayload.length).toBeLessThan(plain.rawPayload.length / 5);
    expect(packed.headers['content-length']).toBe(String(packed.rawPayload.length));
  });

  it('has a tag for each encoding, and is 304 for a caller that has it', async () => {
    const [plain, packed] = [await ask(), await ask({ 'accept-encoding': 'gzip' })];
    const [tag, packedTag] = [String(plain.headers.etag), String(packed.headers.etag)];
    expect(tag).not.toBe(packedTag);
    for (const given of [tag, `W/${tag}`, `"x", ${tag}`, '*']) {
      const answer = await ask({ 'if-none-match': given });
      expect([given, answer.statusCode, answer.body, answer.headers.etag]).toEqual([given, 304, '', tag]);
      for (const name of ['content-type', 'content-encoding']) expect(answer.headers).not.toHaveProperty(name);
    }
    expect((await ask({ 'if-none-match': packedTag })).statusCode).toBe(200);
    expect((await ask({ 'if-none-match': packedTag, 'accept-encoding': 'gzip' })).statusCode).toBe(304);
    for (const given of ['', 'x', '"x"', tag.slice(1, -1)])
      expect((await ask({ 'if-none-match': given })).statusCode).toBe(200);
  });

  it('names the headers on which it depends, also for pages of other origins', async () => {
    const { headers } = await ask({ origin: PAGE });
    expect(headers).toMatchObject({
      'access-control-allow-origin': PAGE,
      'cache-control': 'no-cache',
      'x-content-type-options': 'nosniff',
      vary: 'Accept-Encoding, Origin',
    });
  });

  it('answers HEAD like GET, without the bytes', async () => {
    for (const encoding of ['identity', 'gzip']) {
      const [got, head] = [
        await ask({ 'accept-encoding': encoding }),
        await ask({ 'accept-encoding': encoding }, 'HEAD'),
      ];
      expect([head.statusCode, head.body]).toEqual([200, '']);
      for (const name of ['content-length', 'content-type', 'content-encoding', 'etag', 'vary'])
        expect([name, head.headers[name]]).toEqual([name, got.headers[name]]);
    }
  });

  it.each(['GET', 'HEAD'])('ends a 304 to %s after its header', async (method) => {
    const { etag, 'content-length': length } = (await ask()).headers;
    const { port } = await test.server.listen({ port: 0 });
    const socket = createConnection(port, '127.0.0.1');
    const answered = textOf(socket);
    socket.write(`${method} ${url} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nIf-None-Match: ${etag}\r\n\r\n`);
    const text = await answered;
    expect(text).toMatch(/^HTTP\/1\.1 304 [^]*\r\n\r\n$/);
    // A length would have to equal that of the 200 (RFC 9110, 8.6).
    const lengths = [...text.matchAll(/\r\n(content-length|transfer-encoding): (.*)\r\n/gi)].map(
      ([, , value]) => value,
    );
    expect(lengths).toEqual(method === 'HEAD' ? [length] : []);
  });
});

it.each([
  [undefined, false],
  ['', false],
  ['identity', false],
  ['gzip', true],
  ['GZIP;q=0.5', true],
  ['br, x-gzip', true],
  ['gzip;q=0', false],
  ['gzip; q=0.000, *', false],
  ['*', true],
  ['*;q=0', false],
  ['br;q=1.0, *;q=0.1', true],
  ['notgzip', false],
])('Accept-Encoding %s accepts gzip: %s', (given, accepted) => {
  expect(acceptsGzip(given)).toBe(accepted);
});
