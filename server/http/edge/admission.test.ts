import type { Config } from '@llamactl/contract/config';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  errorOf,
  exchange,
  testConfig,
  testServer,
  type RawAnswer,
  type TestServer,
} from '../../testing/http-harness.ts';

let test: TestServer;
let port: number;

beforeEach(async () => {
  test = testServer();
  ({ port } = await listening(test));
});
afterEach(async () => test.server.close());

async function listening({ server }: TestServer): Promise<AddressInfo> {
  return server.listen({ host: '127.0.0.1', port: 0 });
}

/** Builds a request from its line and headers, with a valid `Host`. */
async function ask(line: string, headers: readonly string[] = []): Promise<RawAnswer> {
  return send(`${line} HTTP/1.1`, ['Host: localhost', ...headers]);
}

async function send(line: string, headers: readonly string[], body = ''): Promise<RawAnswer> {
  const [answer] = await exchange(port, `${[line, ...headers].join('\r\n')}\r\n\r\n${body}`);
  if (answer === undefined) throw new Error('there was no answer');
  return answer;
}

describe('the id of a request', () => {
  it('is the caller’s, if it is safe for a log', async () => {
    const answer = await ask('GET /api/nowhere', ['X-Request-Id: my.own_ID-7']);
    expect(answer.headers.get('x-request-id')).toBe('my.own_ID-7');
    expect(errorOf(answer.body).request_id).toBe('my.own_ID-7');
  });

  it.each(['', 'two words', 'x'.repeat(129), 'a"b', 'a/b', 'é'])('is generated otherwise: %j', async (given) => {
    const answer = await ask('GET /livez', [`X-Request-Id: ${given}`]);
    expect(answer.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('is generated when two were given', async () => {
    const answer = await ask('GET /livez', ['X-Request-Id: a', 'X-Request-Id: b']);
    expect(answer.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
  });
});

describe('an unknown path', () => {
  it.each([
    '/api',
    '/api/',
    '/api/nothing',
    '/index.html',
    '/api/instances/x/start/now',
    '/../etc/passwd',
    '/api//instances',
    '/API/instances',
  ])('%s is not found', async (path) => {
    const answer = await ask(`GET ${path}`);
    expect([answer.status, errorOf(answer.body).code]).toEqual([404, 'NOT_FOUND']);
    expect(errorOf(answer.body).error).toMatch(
      /; \/docs lists all paths, \/api\/openapi\.json the same for programs\.$/,
    );
  });

  it('gets a hint at the pages under `base_path`', async () => {
    const under = testServer({ config: testConfig({ server: { base_path: '/llm' } }) });
    const { statusCode, body } = await under.inject({ url: '/llm/nowhere' });
    await under.server.close();
    expect([statusCode, body]).toEqual([
      404,
      expect.stringContaining('/llm/docs lists all paths, /llm/api/openapi.json the same for programs'),
    ]);
  });

  it('of llama-swap that looks like a model of ours gets its counterpart', async () => {
    const answer = await ask('GET /api/models/unload');
    expect(answer.status).toBe(404);
    expect(errorOf(answer.body).error).toBe(
      'Nothing answers at /api/models/unload, a path of llama-swap; its counterpart is POST /api/instances/stop-all.',
    );
  });

  it.each([
    ['/api/push', 'Ollama'],
    ['/api/blobs/sha256:1', 'Ollama'],
  ])('of another program gets the base URL for OpenAI clients: %s of %s', async (path, program) => {
    const answer = await ask(`POST ${path}`);
    expect([answer.status, errorOf(answer.body).code]).toEqual([404, 'NOT_FOUND']);
    expect(errorOf(answer.body).error).toMatch(
      new RegExp(
        `^Nothing answers at ${path}, a path of ${program}; the base URL for OpenAI clients is http://[^/ ]+/v1\\.$`,
      ),
    );
  });

  it.each([
    [
      '/api/chat',
      'a path of Ollama; its counterpart is POST /v1/chat/completions; the base URL for OpenAI clients is http://',
    ],
    ['/api/generate', 'its counterpart is POST /v1/completions; '],
    ['/api/embeddings/', 'its counterpart is POST /v1/embeddings; '],
    ['/api/tags', 'its counterpart is GET /v1/models; '],
    ['/api/ps', 'a path of Ollama; its counterpart is GET /api/instances?status=running.'],
    ['/api/version', 'a path of Ollama; its counterpart is GET /api/system/info.'],
    ['/running', 'a path of llama-swap; its counterpart is GET /api/instances?status=running.'],
    ['/unload', 'a path of llama-swap; its counterpart is POST /api/instances/stop-all.'],
    [
      '/upstream/qwen/v1/models',
      'a path of llama-swap; its counterpart is /api/instances/qwen/proxy/v1/models; requests there start no model, but those to /v1/… and /apply-template, /completion, ',
    ],
    ['/upstream/', 'a path of llama-swap; its counterpart is /api/instances/NAME/proxy/; requests there start no'],
    ['/logs', 'a path of llama-swap; its counterpart is GET /api/instances/NAME/logs.'],
    ['/logs/stream', 'its counterpart is GET /api/instances/NAME/logs?follow=true.'],
    ['/logs/stream/proxy', 'its counterpart is GET /api/instances/NAME/logs?follow=true.'],
    ['/logs/stream/qwen', 'its counterpart is GET /api/instances/qwen/logs?follow=true.'],
    ['/logs/stream/org/qwen', 'its counterpart is GET /api/instances/org-qwen/logs?follow=true.'],
    [
      '/upstream/google/gemma-3-12b/props',
      'its counterpart is /api/instances/google-gemma-3-12b/proxy/props; requests there start no',
    ],
    [
      '/upstream/google/gemma/v1/models',
      'its counterpart is /api/instances/google-gemma/proxy/v1/models; requests there start no',
    ],
    ['/upstream/qwen3:30b/other', 'its counterpart is /api/instances/qwen3-30b/proxy/other; requests there start no'],
    ['/api/models/unload/org/qwen', 'its counterpart is POST /api/instances/org-qwen/stop.'],
    ['/ui/models', 'a path of llama-swap; its counterpart is the web page at /.'],
    ['/slots', 'a path of llama-server; its counterpart is /api/instances/NAME/proxy/slots.'],
    [
      '/upstream/org/qwen/v1/chat/completions',
      'a path of llama-swap; its counterpart is POST /v1/chat/completions with "model": "org/qwen" in its body; the base URL',
    ],
    ['/upstream/qwen/infill', 'its counterpart is POST /infill with "model": "qwen" in its body.'],
    [
      '/llama-cpp/a/infill',
      'a path of the Go llamactl; its counterpart is POST /infill with "model": "a" in its body.',
    ],
    ['/llama-cpp/a/v1/embeddings', 'its counterpart is POST /v1/embeddings with "model": "a" in its body; '],
    ['/api/models/unload', 'a path of llama-swap; its counterpart is POST /api/instances/stop-all.'],
    ['/api/models/unload/qwen', 'a path of llama-swap; its counterpart is POST /api/instances/qwen/stop.'],
    ['/api/v1/instances/a/start', 'a path of the Go llamactl; its counterpart is /api/instances/a/start.'],
    ['/llama-cpp/a/health', 'a path of the Go llamactl; its counterpart is /api/instances/a/proxy/health.'],
    ['/api/v1/instances/a', 'its counterpart is POST /api/instances, with name in the body.'],
    ['/api/v1/instances', 'its counterpart is /api/instances.'],
    ['/api/v1/version', 'a path of the Go llamactl; its counterpart is GET /api/system/info.'],
    ['/api/v1/config', 'its counterpart is GET /api/config.'],
    ['/api/v1/auth/keys', 'its counterpart is /api/keys.'],
    ['/api/v1/auth/keys/3', 'its counterpart is /api/keys/3.'],
    ['/api/v1/auth/keys/3/permissions', 'its counterpart is GET /api/keys.'],
    ['/api/v1/backends/llama-cpp/models', 'its counterpart is GET /api/models.'],
    ['/api/v1/backends/llama-cpp/parse-command', 'its counterpart is POST /api/engines/parse.'],
    ['/api/v1/backends/llama-cpp/devices', 'its counterpart is GET /api/engines.'],
    ['/api/v1/backends/llama-cpp/help', 'its counterpart is GET /api/engines/llama_cpp/options.'],
    ['/api/v1/backends/llama-cpp/models/download', 'its counterpart is POST /api/models/downloads.'],
    ['/api/v1/backends/llama-cpp/models/jobs/j1', 'its counterpart is /api/models/downloads/j1.'],
    ['/api/v1/nodes', 'a path of the Go llamactl; it has no counterpart.'],
    ['/swagger/index.html', 'a path of the Go llamactl; its counterpart is GET /docs.'],
    ['/proxy/a/props', 'a path to an engine; its counterpart is /api/instances/a/proxy/props.'],
    ['/proxy', 'a path to an engine; its counterpart is /api/instances/NAME/proxy/.'],
    ['/chat/completions', 'a path without /v1; the base URL for OpenAI clients is http://'],
  ])('gets its counterpart: %s', async (path, sentence) => {
    const answer = await ask(`POST ${path}`);
    expect([answer.status, errorOf(answer.body).code]).toEqual([404, 'NOT_FOUND']);
    expect(errorOf(answer.body).error).toContain(sentence);
  });

  it('gets the counterpart for its method', async () => {
    const answer = await ask('GET /api/v1/instances/a');
    expect(errorOf(answer.body).error).toContain('its counterpart is /api/instances/a.');
  });

  it.each<[Partial<Config['server']>, string, string]>([
    [{ base_path: '/llm' }, '/api/tags', 'the base URL for OpenAI clients is http://localhost:8080/llm/v1.'],
    [{ base_path: '/llm' }, '/running', 'its counterpart is GET /llm/api/instances?status=running.'],
    [{ base_path: '/llm' }, '/api/tags', 'its counterpart is GET /llm/v1/models; '],
    [{ public_url: 'https://ai.example/llm/' }, '/api/tags', 'OpenAI clients is https://ai.example/llm/v1.'],
  ])('gets it as clients see it: %j %s', async (server, path, base) => {
    const under = testServer({ config: testConfig({ server }) });
    const { body } = await under.inject({ url: `${server.base_path ?? ''}${path}` });
    await under.server.close();
    expect(errorOf(body).error).toContain(base);
  });

  it('gets a hint at a surplus slash', async () => {
    const answer = await ask('GET /api/instances/');
    expect([answer.status, errorOf(answer.body).code]).toEqual([404, 'NOT_FOUND']);
    expect(errorOf(answer.body).error).toContain('leave out the slash at its end');
  });

  it.each(['..', '%2e%2e', '%2e%2e%2fetc', '.'])('includes an instance named %s', async (name) => {
    const answer = await ask(`GET /api/instances/${name}`);
    expect([answer.status, errorOf(answer.body).code]).toEqual([404, 'INSTANCE_NOT_FOUND']);
  });

  it('gets its answer without reading the body', async () => {
    const headers = ['Host: localhost', 'Content-Type: application/json', 'Content-Length: 5'];
    const answer = await send('POST /api/nothing HTTP/1.1', headers, '{"a":');
    expect(answer.status).toBe(404);
  });
});

describe('a method that does not work on a path', () => {
  it.each([
    ['PATCH', '/api/instances', 'GET, HEAD, OPTIONS, POST'],
    ['DELETE', '/api/instances', 'GET, HEAD, OPTIONS, POST'],
    ['POST', '/api/instances/x', 'DELETE, GET, HEAD, OPTIONS, PUT'],
    ['PROPFIND', '/api/instances/x', 'DELETE, GET, HEAD, OPTIONS, PUT'],
    ['TRACE', '/api/instances/x', 'DELETE, GET, HEAD, OPTIONS, PUT'],
    ['QUERY', '/api/instances', 'GET, HEAD, OPTIONS, POST'],
    ['GET', '/api/instances/start-all', 'OPTIONS, POST'],
    ['DELETE', '/api/instances/%73top-all', 'OPTIONS, POST'],
    ['GET', '/api/instances/x/start', 'OPTIONS, POST'],
    ['POST', '/livez', 'GET, HEAD, OPTIONS'],
  ])('%s %s: the answer lists the allowed methods', async (method, path, allow) => {
    const answer = await ask(`${method} ${path}`);
    expect(answer.status).toBe(405);
    expect(answer.headers.get('allow')).toBe(allow);
    expect(errorOf(answer.body)).toMatchObject({ code: 'METHOD_NOT_ALLOWED' });
    expect(test.manager.calls).toEqual([]);
  });

  it('includes CONNECT on every path', async () => {
    const answer = await send('CONNECT localhost:80 HTTP/1.1', ['Host: localhost']);
    expect([answer.status, errorOf(answer.body).code]).toEqual([405, 'METHOD_NOT_ALLOWED']);
    expect(answer.headers.get('allow')).toContain('GET');
    expect(answer.headers.get('connection')).toBe('close');
  });
});

describe('OPTIONS', () => {
  it('returns the methods of a path', async () => {
    const answer = await ask('OPTIONS /api/instances/x');
    expect([answer.status, answer.headers.get('allow'), answer.body]).toEqual([
      204,
      'DELETE, GET, HEAD, OPTIONS, PUT',
      '',
    ]);
    expect((await ask('OPTIONS *')).status).toBe(204);
    expect((await ask('OPTIONS /nowhere')).status).toBe(404);
  });

  it('accepts preflights only from pages of allowed origins', async () => {
    const config = testConfig({ server: { allowed_origins: ['https://app.example'] } });
    const preflight = {
      'access-control-request-method': 'PUT',
      'access-control-request-headers': 'authorization, content-type',
    };
    const { inject } = testServer({ config });
    const allowed = await inject({
      method: 'OPTIONS',
      url: '/api/instances/x',
      headers: { origin: 'https://app.example', ...preflight },
    });
    expect(allowed.statusCode).toBe(204);
    expect(allowed.headers).toMatchObject({
      'access-control-allow-origin': 'https://app.example',
      'access-control-allow-methods': 'DELETE, GET, HEAD, OPTIONS, PUT',
      'access-control-allow-headers': 'authorization, content-type',
      vary: 'Origin',
    });
    for (const origin of ['http://localhost:3000', 'https://evil.example', 'null']) {
      const other = await inject({ method: 'OPTIONS', url: '/api/instances/x', headers: { origin, ...preflight } });
      expect(Object.keys(other.headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
    }
  });

  it('does not repeat invalid header names', async () => {
    const config = testConfig({ server: { allowed_origins: ['https://app.example'] } });
    const headers = {
      origin: 'https://app.example',
      'access-control-request-method': 'PUT',
      'access-control-request-headers': 'a;b',
    };
    const answer = await testServer({ config }).inject({ method: 'OPTIONS', url: '/api/instances', headers });
    expect(answer.headers).not.toHaveProperty('access-control-allow-headers');
  });

  it('is followed by answers that the page may read, including errors', async () => {
    const config = testConfig({ server: { allowed_origins: ['https://app.example'] } });
    for (const url of ['/api/instances', '/api/instances/unknown']) {
      const answer = await testServer({ config }).inject({ url, headers: { origin: 'https://app.example' } });
      expect(answer.headers).toMatchObject({ 'access-control-allow-origin': 'https://app.example', vary: 'Origin' });
      expect(answer.headers['access-control-expose-headers']).toContain('X-Request-Id');
    }
  });
});

describe('foreign names and pages', () => {
  it.each(['/api/instances', '/livez', '/v1/models', '/nowhere', '/api/%zz', '/'])(
    'cannot reach %s under another host name',
    async (path) => {
      const answer = await send(`GET ${path} HTTP/1.1`, ['Host: evil.example']);
      expect([answer.status, errorOf(answer.body).code]).toEqual([403, 'FORBIDDEN']);
    },
  );

  it.each([
    ['the target names another host', 'GET http://evil.example/api/instances HTTP/1.1', ['Host: localhost'], 403],
    ['the target names us', 'GET http://localhost/api/instances HTTP/1.1', ['Host: localhost'], 200],
    ['two hosts', 'GET /api/instances HTTP/1.1', ['Host: localhost', 'Host: evil.example'], 400],
    ['the same host twice', 'GET /api/instances HTTP/1.1', ['Host: localhost', 'Host: localhost'], 400],
    ['no host', 'GET /api/instances HTTP/1.1', [], 400],
    ['an empty host', 'GET /api/instances HTTP/1.1', ['Host:'], 400],
    ['no host in HTTP/1.0', 'GET /api/instances HTTP/1.0', [], 200],
    ['OPTIONS too', 'OPTIONS /api/instances HTTP/1.1', ['Host: evil.example'], 403],
  ])('%s', async (_, line, headers, status) => {
    const answer = await send(line, headers);
    expect(answer.status).toBe(status);
    if (status >= 400) errorOf(answer.body);
  });

  it('cannot change anything from another site', async () => {
    for (const header of ['Origin: https://evil.example', 'Origin: null', 'Sec-Fetch-Site: cross-site']) {
      const answer = await ask('POST /api/instances/x/start', [header]);
      expect([answer.status, errorOf(answer.body).code]).toEqual([403, 'FORBIDDEN']);
    }
    expect(test.manager.calls).toEqual([]);
    expect(
      (await ask('POST /api/instances/x/start', ['Origin: http://localhost:8080', 'Sec-Fetch-Site: same-origin']))
        .status,
    ).toBe(404);
  });

  it('cannot hide an Origin behind hundreds of headers', async () => {
    const many = Array.from({ length: 2_100 }, () => 'a:');
    expect((await ask('POST /api/instances/x/start', [...many, 'Origin: http://e'])).status).toBe(403);
  });
});

describe('special request features', () => {
  it('reads three hundred headers', async () => {
    const many = Array.from({ length: 300 }, (_, index) => `X-${index}: ${index}`);
    expect((await ask('GET /api/instances', many)).status).toBe(200);
  });

  it('ignores an unknown expectation', async () => {
    expect((await ask('GET /api/instances', ['Expect: 200-maybe'])).status).toBe(200);
  });

  it('answers 100-continue', async () => {
    const headers = ['Host: localhost', 'Content-Type: application/json', 'Content-Length: 12', 'Expect: 100-continue'];
    const answer = await send('POST /api/instances HTTP/1.1', headers, '{"name":"x"}');
    expect(answer.status).toBe(201);
  });

  it.each(['h2c', 'TLS/1.0', 'h2c, websockets'])('ignores an upgrade to another protocol: %s', async (protocol) => {
    const headers = [
      'Host: localhost',
      'Connection: Upgrade',
      `Upgrade: ${protocol}`,
      'Content-Type: application/json',
    ];
    const answer = await send('POST /api/instances HTTP/1.1', [...headers, 'Content-Length: 12'], '{"name":"x"}');
    expect([answer.status, answer.headers.get('connection')]).toEqual([201, 'keep-alive']);
  });
});
