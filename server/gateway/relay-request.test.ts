import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { answerOf, Bench, call, type GatewayServer, readAnswer, settled, sha256 } from '../testing/gateway-harness.ts';

const bench = new Bench();
afterEach(() => bench.close());

const PROXY = '/api/instances/a/proxy';
const eventually = <Result>(check: () => Result): Promise<Result> => vi.waitFor(check, { interval: 5 });

async function noLeases({ instances }: GatewayServer): Promise<void> {
  await eventually(() => expect(instances.leases('a').count).toBe(0));
}

describe('a request', () => {
  test("reaches the engine with method, path, query and body unchanged, and only with the run's key", async () => {
    const seen: unknown[] = [];
    const gateway = await bench.before(async (request, response) => {
      const { text } = await readAnswer(request);
      seen.push([request.method, request.url, text, request.headers.authorization, request.headers['x-request-id']]);
      response.end('ok');
    });
    const answer = await call(gateway.port, `${PROXY}//x/%2e%2E/?q=%zz&q=ü`.replace('ü', '%FC'), {
      method: 'PATCH',
      body: '{ "a" :1.0 }',
      headers: { authorization: 'Bearer mine' },
    });
    expect(answer).toMatchObject({
      status: 200,
      text: 'ok',
      headers: { 'x-llamactl-source': 'engine', 'x-request-id': 'request-1' },
    });
    expect(seen).toEqual([['PATCH', '//x/%2e%2E/?q=%zz&q=%FC', '{ "a" :1.0 }', 'Bearer run-key', 'request-1']]);
    await noLeases(gateway);
  });

  test.each([
    ['GET', undefined, {}],
    ['DELETE', undefined, {}],
    ['POST', undefined, { 'content-length': '0' }],
    ['PUT', 'x', { 'content-length': '1' }],
    ['GET', 'x', { 'content-length': '1' }],
  ])('%s with body %j is framed correctly', async (method, body, framing) => {
    const gateway = await bench.before(async (request, response) => {
      const { text } = await readAnswer(request);
      const { 'content-length': length, 'transfer-encoding': encoding } = request.headers;
      response.end(JSON.stringify([text, length === undefined ? {} : { 'content-length': length }, encoding ?? null]));
    });
    const headers = body === undefined ? {} : { 'content-length': String(body.length) };
    const request = httpRequest({ port: gateway.port, path: PROXY, method, headers, agent: false });
    request.end(body);
    const answer = await readAnswer(await answerOf(request));
    expect(JSON.parse(answer.text)).toEqual([body ?? '', framing, null]);
  });

  test('of unknown length is streamed in chunks, with its trailers', async () => {
    const got: unknown[] = [];
    const gateway = await bench.before((request, response) => {
      request.once('data', (chunk: Buffer) => got.push(chunk.toString()));
      request.once('end', () => {
        got.push(request.rawTrailers);
        response.end(request.headers['transfer-encoding']);
      });
    });
    const request = httpRequest({
      port: gateway.port,
      path: PROXY,
      method: 'POST',
      agent: false,
      headers: { trailer: 'x-sum' },
    });
    request.write('first');
    await eventually(() => expect(got).toEqual(['first']));
    request.addTrailers({ 'X-Sum': '12', Authorization: 'mine' });
    request.end();
    expect((await readAnswer(await answerOf(request))).text).toBe('chunked');
    expect(got).toEqual(['first', ['X-Sum', '12']]);
  });

  test('that expects 100-continue gets it from llamactl, and the engine does not see the header', async () => {
    const gateway = await bench.before(async (request, response) => {
      const { text } = await readAnswer(request);
      response.end(`${text} ${request.headers.expect}`);
    });
    const request = httpRequest({
      port: gateway.port,
      path: PROXY,
      method: 'POST',
      agent: false,
      headers: { expect: '100-continue' },
    });
    request.flushHeaders();
    await once(request, 'continue');
    request.end('body');
    expect((await readAnswer(await answerOf(request))).text).toBe('body undefined');
  });

  test('passes no faster than the engine reads', async () => {
    const size = 64 * 1024 * 1024;
    const gates: (() => Promise<void>)[] = [];
    const gateway = await bench.before((request, response) => {
      request.pause();
      gates.push(async () => {
        const { body } = await readAnswer(request);
        response.end(sha256(body));
      });
    });
    const body = Buffer.alloc(size, 'abcdefg');
    const request = httpRequest({
      port: gateway.port,
      path: PROXY,
      method: 'POST',
      agent: false,
      headers: { 'content-length': size },
    });
    let sent = 0;
    const write = (): void => {
      while (sent < size) {
        const chunk = body.subarray(sent, sent + 65_536);
        sent += chunk.byteLength;
        if (!request.write(chunk)) return;
      }
      request.end();
    };
    request.on('drain', write);
    write();
    await eventually(() => expect(gates).toHaveLength(1));
    expect(await settled(() => sent)).toBeLessThan(size / 2);
    const answered = answerOf(request);
    await gates[0]?.();
    expect((await readAnswer(await answered)).text).toBe(sha256(body));
  });
});
