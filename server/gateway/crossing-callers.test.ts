import { afterEach, describe, expect, test } from 'vitest';
import {
  call,
  type GatewayServer,
  type Listening,
  rawConnection,
  startEngine,
  startGateway,
} from '../testing/gateway-harness.ts';

/** The gateway before an engine that declares crossings. */

const CROSSING = { headers: ['x-chat'], paths: ['/v1/stream'], except: [] };

const open: Listening[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.close()));
});

/** Headers and trailers that the engine received, by path. */
type Seen = Map<string, string[]>;

async function start(status: 'running' | 'stopped' = 'running'): Promise<{ gateway: GatewayServer; seen: Seen }> {
  const seen: Seen = new Map();
  const engine = await startEngine((request, response) => {
    request.resume();
    request.once('end', () => {
      seen.set(request.url ?? '', [...request.rawHeaders, ...request.rawTrailers]);
      response.end('{}');
    });
  });
  const gateway = await startGateway([{ name: 'a', port: engine.port, status }], undefined, { crossings: [CROSSING] });
  open.push(engine, gateway);
  return { gateway, seen };
}

describe('a path that crosses callers', () => {
  test.each([
    ['GET', '/v1/stream?conv_id=1'],
    ['GET', '/v1/stream?conv_id=1&model=a'],
    ['GET', '/v1/stream?model=nothing'],
    ['DELETE', '/v1/%73tream?model=a'],
    ['POST', '/v1/stream'],
  ])('%s %s is 404 under /v1, and does not reach an engine', async (method, path) => {
    const { gateway, seen } = await start();
    const body = method === 'POST' ? '{"model":"a"}' : '';
    const answer = await call(gateway.port, path, { method, body });
    expect(answer.status).toBe(404);
    expect(answer.headers['x-llamactl-source']).toBe('llamactl');
    const error = { type: 'invalid_request_error', code: 'not_found', param: null };
    expect(JSON.parse(answer.text)).toMatchObject({ error });
    expect(answer.text).toContain('/proxy');
    expect([...seen.keys()]).toEqual([]);
  });

  test('is 404 for a stopped instance too, and does not start it', async () => {
    const { gateway } = await start('stopped');
    expect((await call(gateway.port, '/v1/stream?model=a')).status).toBe(404);
    expect(gateway.instances.leases('a').count).toBe(0);
  });

  test('passes through /proxy', async () => {
    const { gateway, seen } = await start();
    expect((await call(gateway.port, '/api/instances/a/proxy/v1/stream?conv_id=1')).status).toBe(200);
    expect([...seen.keys()]).toEqual(['/v1/stream?conv_id=1']);
  });
});

describe('a header that crosses callers', () => {
  const request = (path: string): string =>
    [
      `POST ${path} HTTP/1.1`,
      'Host: localhost',
      'Connection: close',
      'X-Chat: one',
      'x_chat: two',
      'X-Other: three',
      'Transfer-Encoding: chunked',
      'Trailer: X-CHAT',
      '',
      '1',
      'x',
      '0',
      'X-CHAT: four',
      'X-Sum: five',
      '',
      '',
    ].join('\r\n');

  test('does not pass /v1, also not as a trailer', async () => {
    const { gateway, seen } = await start();
    await rawConnection(gateway.port, request('/v1/completions?model=a')).gone;
    const sent = seen.get('/v1/completions?model=a');
    expect(sent).toEqual(expect.arrayContaining(['three', 'five']));
    for (const value of ['one', 'two', 'four']) expect(sent).not.toContain(value);
  });

  test('passes /proxy', async () => {
    const { gateway, seen } = await start();
    await rawConnection(gateway.port, request('/api/instances/a/proxy/x')).gone;
    expect(seen.get('/x')).toEqual(expect.arrayContaining(['one', 'two', 'three', 'four', 'five']));
  });
});
