import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  call,
  type GatewayServer,
  type Listening,
  rawConnection,
  readAnswer,
  startEngine,
  startGateway,
} from '../testing/gateway-harness.ts';

const CREATED = '2026-01-02T03:04:05Z';
let engine: Listening;
let gateway: GatewayServer;

beforeEach(async () => {
  engine = await startEngine(async (request, response) => {
    const { body } = await readAnswer(request);
    response.writeHead(200, { 'content-type': 'text/plain', 'x-url': request.url, 'x-length': body.byteLength });
    response.end(body.byteLength > 1000 ? undefined : body);
  });
  const { port } = engine;
  gateway = await startGateway([
    { name: 'Qwen', port, aliases: ['org/model:q8', 'gpt-4', 'an-alias'] },
    { name: 'gpt-4', port, unlisted: true },
    { name: 'stopped', port, status: 'stopped', on_demand: false },
    { name: 'failed', port, status: 'failed', reason: 'no such file: /models/x.gguf', aliases: ['broken'] },
    { name: 'starting', port, status: 'starting' },
    { name: 'again', port, status: 'restarting', reason: 'out of memory' },
  ]);
});
afterEach(async () => {
  await Promise.all([engine.close(), gateway.close()]);
});

const chat = (body: string, more: Parameters<typeof call>[2] = {}): ReturnType<typeof call> =>
  call(gateway.port, '/v1/chat/completions', { body, ...more });

describe('a request under /v1', () => {
  test.each(['/v1/../admin', '/v1/%2e%2e/admin', '/v1/x/.%2E/y', '/v1/./models', '/v1/..%2fadmin'])(
    'cannot leave /v1: %s',
    async (url) => {
      expect(await call(gateway.port, `${url}?model=Qwen`, { body: '' })).toMatchObject({ status: 400 });
    },
  );

  test.each([
    ['its name', 'Qwen'],
    ['its name in another case', 'qWEN'],
    ['an alias', 'org/model:q8'],
  ])('finds the instance by %s, and the body passes byte for byte', async (_title, model) => {
    const body = `{ "x": 12345678901234567890.10, "model":${JSON.stringify(model)} ,"y":"\\u00e9é" }\n`;
    expect(await chat(body)).toMatchObject({ status: 200, text: body, headers: { 'x-llamactl-source': 'engine' } });
  });

  test('is read as JSON with any content type, as in llama-server', async () => {
    const body = '{"model":"Qwen"}';
    for (const type of ['application/x-www-form-urlencoded', 'json', '']) {
      expect(await chat(body, { headers: { 'content-type': type } })).toMatchObject({ status: 200, text: body });
    }
  });

  test('with the model in the URL passes unchanged with any body', async () => {
    const path = '/v1/audio/transcriptions?model=org%2Fmodel%3Aq8&x=%20';
    const headers = { 'content-type': 'multipart/form-data; boundary=x' };
    expect(await call(gateway.port, path, { body: '--x--', headers })).toMatchObject({
      status: 200,
      text: '--x--',
      headers: { 'x-url': path },
    });
  });

  test('with the model in the URL may be larger than 64 MiB', async () => {
    const size = 65 * 1024 * 1024;
    const answer = await call(gateway.port, '/v1/completions?model=Qwen', { body: Buffer.alloc(size) });
    expect(answer).toMatchObject({ status: 200, headers: { 'x-length': String(size) } });
  });

  test.each([
    ['no model', '{}', 400, 'validation_error'],
    ['a model that is not a string', '{"model":1}', 400, 'validation_error'],
    ['a body that is not JSON', 'model=Qwen', 400, 'invalid_json'],
    ['no body', '', 400, 'validation_error'],
    ['an unknown model', '{"model":"unknown"}', 404, 'model_not_found'],
    ['a stopped model', '{"model":"stopped"}', 503, 'instance_not_running'],
  ])("with %s is refused in OpenAI's error shape", async (_title, body, status, code) => {
    const answer = await chat(body);
    expect(answer).toMatchObject({ status, headers: { 'x-llamactl-source': 'llamactl' } });
    expect(JSON.parse(answer.text)).toEqual({
      error: {
        message: expect.any(String) as unknown,
        type: status === 503 ? 'server_error' : 'invalid_request_error',
        code,
        param: null,
      },
    });
  });

  test('that has /v1 twice is refused before an engine starts, with the path that was meant', async () => {
    const answer = await call(gateway.port, '/v1/v1/chat/completions', { body: '{"model":"Qwen"}' });
    expect(answer).toMatchObject({ status: 404, headers: { 'x-llamactl-source': 'llamactl' } });
    expect(answer.text).toContain('\\"/v1/chat/completions\\" has it once');
  });

  test("to Anthropic's API is refused in Anthropic's error shape", async () => {
    const answer = await call(gateway.port, '/v1/messages', { body: '{"model":"unknown"}' });
    expect(answer.status).toBe(404);
    expect(JSON.parse(answer.text)).toMatchObject({ type: 'error', error: { type: 'not_found_error' } });
  });

  test.each([
    [
      'failed',
      'The model "failed" has failed: no such file: /models/x.gguf. Start it with POST /api/instances/failed/start.',
    ],
    [
      'broken',
      'The model "broken" has failed: no such file: /models/x.gguf. Start it with POST /api/instances/failed/start.',
    ],
    ['stopped', 'The model "stopped" is not running. Start it with POST /api/instances/stopped/start.'],
    ['starting', 'The model "starting" is starting. Try again in a moment.'],
    ['again', 'The model "again" is restarting: out of memory. Try again in a moment.'],
  ])('for %s gets the reason why it is not running, and what to do', async (model, message) => {
    const answer = await chat(JSON.stringify({ model }));
    expect(JSON.parse(answer.text)).toMatchObject({ error: { message } });
    expect(answer.headers['retry-after']).toBe(message.endsWith('moment.') ? '1' : undefined);
  });

  test('may be a form that names the model in a field, and passes byte for byte', async () => {
    const body = `--x\r\nContent-Disposition: form-data; name="model"\r\n\r\nQwen\r\n--x\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\n\u00ff\r\n--x--\r\n`;
    const headers = { 'content-type': 'multipart/form-data; boundary=x' };
    expect(await chat(body, { headers })).toMatchObject({ status: 200, text: body });
  });

  test.each(['multipart/form-data; boundary=x', 'multipart/form-data', 'multipart/mixed; boundary=x'])(
    'as %s without a model gets a hint how to name it',
    async (type) => {
      const answer = await chat('--x--', { headers: { 'content-type': type } });
      expect(answer.status).toBe(400);
      expect(answer.text).toContain('?model=NAME');
    },
  );

  test('with a compressed body gets a hint to name the model in the URL', async () => {
    const answer = await chat('x', { headers: { 'content-encoding': 'gzip' } });
    expect(answer.status).toBe(415);
    expect(answer.text).toContain('?model=NAME');
  });

  test.each(['Content-Length: 67108865', 'Transfer-Encoding: chunked'])(
    'with a too large body (%s) is refused, and the rest of the body is read so that the answer arrives',
    async (framing) => {
      const connection = rawConnection(gateway.port, `POST /v1/completions HTTP/1.1\r\nHost: a\r\n${framing}\r\n\r\n`);
      const mebibyte = Buffer.alloc(1_048_576, ' ');
      for (let count = 0; count <= 64; count += 1) {
        const piece = count === 64 ? Buffer.from(' ') : mebibyte;
        const size = framing.startsWith('T') ? [`${piece.byteLength.toString(16)}\r\n`, '\r\n'] : ['', ''];
        connection.socket.write(size[0] ?? '');
        connection.socket.write(piece);
        if (!connection.socket.write(size[1] ?? '')) await once(connection.socket, 'drain');
      }
      if (framing.startsWith('T')) connection.socket.write('0\r\n\r\n');
      connection.socket.write('GET /v1/models HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
      await connection.gone;
      expect(connection.received()).toMatch(
        /^HTTP\/1.1 413 [^]*"code":"payload_too_large"[^]*HTTP\/1.1 200 OK[^]*"object":"list"/,
      );
    },
  );
});

describe('an instance that rewrites its requests', () => {
  const settings = { upstream_model: 'org/m', request_defaults: { top_k: 40 }, request_strip: ['user'] };
  let other: GatewayServer;

  beforeEach(async () => {
    other = await startGateway([{ name: 'a', port: engine.port, settings }]);
  });
  afterEach(() => other.close());

  test('gets them rewritten, with the correct length, and otherwise unchanged', async () => {
    const body = '{"model":"a","user":"me","n":1.0}';
    const answer = await call(other.port, '/v1/chat/completions', { body });
    expect(answer.text).toBe('{"model":"org/m","n":1.0,"top_k":40}');
    expect(answer.headers).toMatchObject({ 'x-length': String(answer.text.length), 'x-url': '/v1/chat/completions' });
  });

  test('gets them rewritten also when they come in chunks', async () => {
    const headers = { 'transfer-encoding': 'chunked' };
    const answer = await call(other.port, '/v1/x', { body: '{"model":"a"}', headers });
    expect(answer.text).toBe('{"model":"org/m","top_k":40}');
  });

  test('gets its name in the URL if the URL names the model, and an unchanged body', async () => {
    const body = '{"model":"a","user":"me"}';
    const answer = await call(other.port, '/v1/x?y=1&model=A', { body });
    expect(answer).toMatchObject({ text: body, headers: { 'x-url': '/v1/x?y=1&model=org%2Fm' } });
  });

  test('gets unchanged requests under /proxy', async () => {
    const body = '{"model":"a","user":"me"}';
    const answer = await call(other.port, '/api/instances/a/proxy/x?model=a', { body });
    expect(answer).toMatchObject({ text: body, headers: { 'x-url': '/x?model=a' } });
  });
});

describe('GET /v1/models', () => {
  const qwen = { id: 'Qwen', object: 'model', created: Date.parse(CREATED) / 1000, owned_by: 'llamactl' };

  const listed = async (server: GatewayServer): Promise<string[]> => {
    const { data } = JSON.parse((await call(server.port, '/v1/models')).text) as { data: { id: string }[] };
    return data.map(({ id }) => id);
  };

  test('lists instances that run or that a request starts, without unlisted ones and aliases', async () => {
    const answer = await call(gateway.port, '/v1/models');
    expect(answer).toMatchObject({
      status: 200,
      headers: { 'x-llamactl-source': 'llamactl', 'x-request-id': 'request-1' },
    });
    expect(JSON.parse(answer.text)).toMatchObject({ object: 'list', data: [qwen, {}, {}, {}] });
    expect(await listed(gateway)).toEqual(['Qwen', 'failed', 'starting', 'again']);
  });

  test('lists only running instances for a caller that may not start any, and aliases if configured', async () => {
    const instances = [
      { name: 'a', port: 1, aliases: ['x', 'org/y'] },
      { name: 'b', port: 1, status: 'stopped' },
    ] as const;
    const other = await startGateway(instances, undefined, { mayStart: false, aliasesInModels: true });
    try {
      expect(await listed(other)).toEqual(['a', 'x', 'org/y']);
    } finally {
      await other.close();
    }
  });

  test('is an empty list, never null, when nothing runs', async () => {
    const empty = await startGateway([]);
    try {
      expect((await call(empty.port, '/v1/models')).text).toBe('{"object":"list","data":[]}');
    } finally {
      await empty.close();
    }
  });

  test.each([
    ['Qwen', qwen],
    ['org/model:q8', qwen],
    ['org%2Fmodel%3Aq8', qwen],
    ['gpt-4?x=1', { ...qwen, id: 'gpt-4' }],
  ])('/%s returns one model', async (id, model) => {
    expect(JSON.parse((await call(gateway.port, `/v1/models/${id}`)).text)).toEqual(model);
  });

  test.each([
    ['/v1/models/unknown', 404],
    ['/v1/models/stopped', 404],
    ['/v1/models/%zz', 400],
  ])('answers %s with %i', async (path, status) => {
    expect(await call(gateway.port, path)).toMatchObject({ status, headers: { 'x-llamactl-source': 'llamactl' } });
  });

  test('is read-only', async () => {
    const answer = await call(gateway.port, '/v1/models/Qwen', { method: 'DELETE' });
    expect(answer).toMatchObject({ status: 405, headers: { allow: 'GET, HEAD' } });
  });

  test('answers HEAD without a body', async () => {
    const answer = await call(gateway.port, '/v1/models', { method: 'HEAD' });
    expect(answer).toMatchObject({ status: 200, text: '' });
    expect(Number(answer.headers['content-length'])).toBeGreaterThan(50);
  });
});

describe('a request under /proxy', () => {
  test("for an instance that is not running is a conflict, in llamactl's own error shape", async () => {
    const answer = await call(gateway.port, '/api/instances/failed/proxy/health');
    expect(answer.status).toBe(409);
    expect(JSON.parse(answer.text)).toMatchObject({
      code: 'INSTANCE_NOT_RUNNING',
      reason: 'no such file: /models/x.gguf',
    });
  });

  test('finds the instance by name in any case', async () => {
    const answer = await call(gateway.port, '/api/instances/QWEN/proxy/x');
    expect(answer).toMatchObject({ status: 200, headers: { 'x-url': '/x' } });
  });

  test.each(['unknown', 'an-alias'])('does not find %s', async (name) => {
    const answer = await call(gateway.port, `/api/instances/${name}/proxy/x`);
    expect(answer.status).toBe(404);
    expect(JSON.parse(answer.text)).toMatchObject({ code: 'INSTANCE_NOT_FOUND' });
    expect(gateway.instances.leases('Qwen').count).toBe(0);
  });
});
