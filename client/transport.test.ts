import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { answer, noConnection, refusal, ScriptedFetch, silence, type Reply } from './testing/scripted-fetch.ts';
import { FakeTiming } from './testing/fake-timing.ts';
import type { ClientOptions } from './options.ts';
import { Transport } from './transport.ts';

function bench(replies: Reply[], options: ClientOptions = {}, timing = new FakeTiming()) {
  const server = new ScriptedFetch(...replies);
  return { server, timing, transport: new Transport({ url: 'http://h:1', fetch: server.fetch, ...options }, timing) };
}

const get = { method: 'GET', path: '/api/x' };
const post = { method: 'POST', path: '/api/x', body: { a: 1 } };

describe('request', () => {
  it('sends JSON with the headers and the token of the client', async () => {
    const { server, transport } = bench([answer({ b: 2 }, 201, { etag: '"1"' })], {
      url: 'http://h:1/llm/',
      token: 'llk_1',
      headers: { 'x-tenant': 'a' },
    });
    const { status, headers, body } = await transport.json({ ...post, query: { wait: true, none: undefined, n: 0 } });
    expect([status, headers.get('etag'), body]).toEqual([201, '"1"', { b: 2 }]);
    const [sent] = server.requests;
    expect(sent).toMatchObject({ method: 'POST', target: '/llm/api/x?wait=true&n=0', body: '{"a":1}' });
    expect(Object.fromEntries(sent?.headers ?? [])).toEqual({
      accept: 'application/json',
      authorization: 'Bearer llk_1',
      'content-type': 'application/json',
      'x-tenant': 'a',
    });
  });

  it('appends its query to a query in its path', async () => {
    const { server, transport } = bench([answer({}), answer({})]);
    await transport.json({ method: 'GET', path: '/api/x?a=1', query: { b: 2 } });
    await transport.json({ method: 'GET', path: '/api/x?a=1', query: { b: undefined } });
    expect(server.targets).toEqual(['GET /api/x?a=1&b=2', 'GET /api/x?a=1']);
  });

  it('has no body and no token if none is given', async () => {
    const { server, transport } = bench([answer({}), answer({}), answer({})], { token: () => Promise.resolve(null) });
    await transport.json({ method: 'POST', path: '/api/x' });
    await transport.json({ method: 'POST', path: '/api/x', text: { type: 'application/yaml', content: 'a: 1' } });
    await transport.json({ ...get, headers: { authorization: 'Basic x' } });
    expect(server.requests.map(({ body }) => body)).toEqual([null, 'a: 1', null]);
    expect(server.requests.map(({ headers }) => headers.get('content-type'))).toEqual([null, 'application/yaml', null]);
    const known = bench([answer({})], { token: 'llk_1' });
    await known.transport.json({ ...get, headers: { authorization: 'Basic x' } });
    const authorizations = [...server.requests, ...known.server.requests].map(({ headers }) =>
      headers.get('authorization'),
    );
    expect(authorizations).toEqual([null, null, 'Basic x', 'Basic x']);
  });

  it('sends a form with the type of the platform, and returns bytes', async () => {
    const sound = new Response(new Uint8Array([82, 73]), { headers: { 'content-type': 'audio/wav' } });
    const { server, transport } = bench([answer({ text: 'Hello.' }), sound]);
    const form = new FormData();
    form.append('model', 'ear');
    await transport.json({ method: 'POST', path: '/v1/audio/transcriptions', form });
    expect(server.requests[0]).toMatchObject({ form });
    // Only the platform knows the boundary.
    expect(server.requests[0]?.headers.has('content-type')).toBe(false);
    const { body } = await transport.blob({ method: 'POST', path: '/v1/audio/speech', body: { model: 'voice' } });
    expect([body.type, [...new Uint8Array(await body.arrayBuffer())]]).toEqual(['audio/wav', [82, 73]]);
  });

  it('goes only to the host of the address', async () => {
    const { server, transport } = bench([], { token: 'secret' });
    for (const path of ['.evil.example/', '@evil.example/', 'http://evil.example/', '']) {
      await expect(transport.json({ ...get, path })).rejects.toThrow('is not a path: it must begin with a slash.');
    }
    expect(server.requests).toEqual([]);
  });

  it('does not follow redirects', async () => {
    const away = new Response(null, { status: 308, headers: { location: 'https://h/api/x' } });
    const { server, transport } = bench([away], { token: 'secret' });
    await expect(transport.json(get)).rejects.toThrow(
      'http://h:1/api/x redirects to https://h/api/x; give the client that address.',
    );
    expect(server.requests.map(({ redirect }) => redirect)).toEqual(['manual']);
  });

  it('fails if another program answers', async () => {
    const { transport } = bench([new Response('<title>Welcome to nginx!</title>')]);
    await expect(transport.json(get)).rejects.toMatchObject({
      name: 'ProtocolError',
      status: 200,
      message: 'http://h:1 answered /api/x with something that is not from llamactl: Welcome to nginx!',
    });
  });

  it('accepts a status that is not an error for it', async () => {
    const { transport } = bench([answer({ status: 'starting' }, 503), answer({ status: 'starting' }, 503)]);
    const { body } = await transport.json({ ...get, otherStatuses: [503] });
    expect(body).toEqual({ status: 'starting' });
    await expect(transport.json(get)).rejects.toMatchObject({ name: 'ProtocolError', status: 503 });
  });
});

describe('failed request', () => {
  it('is retried if that cannot do something twice', async () => {
    const { server, timing, transport } = bench([
      noConnection('ECONNRESET'),
      refusal(429, 'RATE_LIMITED', { 'retry-after': '7' }),
      answer({ ok: true }),
    ]);
    expect((await transport.json(get)).body).toEqual({ ok: true });
    expect(server.requests).toHaveLength(3);
    // Each attempt has its timeout; pauses are in between.
    expect(timing.waits).toEqual([60, 0.125, 60, 7.25, 60]);
    expect(timing.pending).toBe(0);
  });

  it('waits for a rate limit as long as the client may, which takes no retry', async () => {
    const refusals = (count: number) =>
      Array.from({ length: count }, () => refusal(429, 'RATE_LIMITED', { 'retry-after': '20' }));
    const patient = bench([...refusals(3), noConnection('ECONNREFUSED'), answer({ ok: true })], {
      retries: 1,
      rateLimitWait: 65,
    });
    expect((await patient.transport.json(post)).body).toEqual({ ok: true });
    const bounded = bench(refusals(9), { rateLimitWait: 65 });
    await expect(bounded.transport.json(post)).rejects.toMatchObject({ status: 429 });
    expect(bounded.server.requests).toHaveLength(4);
    const atOnce = bench(
      Array.from({ length: 9 }, () => refusal(429, 'RATE_LIMITED', { 'retry-after': '0' })),
      { rateLimitWait: 3 },
    );
    await expect(atOnce.transport.json(post)).rejects.toMatchObject({ status: 429 });
    expect(atOnce.server.requests.length).toBeLessThanOrEqual(4);
    const hasty = bench(refusals(9), { rateLimitWait: 65 });
    await expect(hasty.transport.json({ ...post, retries: 0 })).rejects.toMatchObject({ status: 429 });
    expect(hasty.server.requests).toHaveLength(1);
  });

  it('is reported before each wait for a retry', async () => {
    const delays: number[] = [];
    const { transport } = bench([refusal(429, 'RATE_LIMITED', { 'retry-after': '7' }), answer({ ok: true })], {
      onRetry: ({ delay }) => delays.push(delay),
    });
    await transport.json(get);
    expect(delays).toEqual([7.125]);
  });

  it('is retried at most as often as configured, for all requests or for one', async () => {
    const gone = () => Array.from({ length: 9 }, () => noConnection('ECONNREFUSED'));
    const usual = bench(gone());
    await expect(usual.transport.json(post)).rejects.toMatchObject({ name: 'ConnectionError', isUnsent: true });
    expect(usual.server.requests).toHaveLength(3);
    const never = bench(gone(), { retries: 0 });
    await expect(never.transport.json(post)).rejects.toThrow('nothing listens there');
    expect(never.server.requests).toHaveLength(1);
    await expect(never.transport.json({ ...post, retries: 1 })).rejects.toThrow('nothing listens there');
    expect(never.server.requests).toHaveLength(3);
  });

  it('is not retried if it may have done something', async () => {
    const { server, transport } = bench([noConnection('ECONNRESET')]);
    await expect(transport.json(post)).rejects.toThrow('the connection was lost');
    expect(server.requests).toHaveLength(1);
  });

  it('is not retried if a stopping server may have carried it out', async () => {
    const { server, transport } = bench([refusal(503, 'SHUTTING_DOWN'), answer({}), refusal(503, 'SHUTTING_DOWN')]);
    await transport.json({ ...post, query: { wait: false } });
    await expect(transport.json({ ...post, query: { wait: true } })).rejects.toMatchObject({ code: 'SHUTTING_DOWN' });
    expect(server.requests).toHaveLength(3);
  });

  it('is retried after a broken answer only if it reads', async () => {
    const broken = (): Response =>
      new Response(new ReadableStream({ pull: (controller) => controller.error(noConnection('UND_ERR_SOCKET')) }));
    const { transport } = bench([broken(), broken(), answer({})]);
    await expect(transport.json(post)).rejects.toMatchObject({ name: 'ConnectionError' });
    expect((await transport.json(get)).body).toEqual({});
  });
});

describe('token', () => {
  it('is requested before every request, and once more when refused', async () => {
    const tokens = ['stale', 'fresh', 'later'];
    const { server, timing, transport } = bench([refusal(401, 'TOKEN_EXPIRED'), answer({}), answer({})], {
      token: () => tokens.shift() ?? null,
    });
    await transport.json(post);
    await transport.json(get);
    expect(server.requests.map(({ headers }) => headers.get('authorization'))).toEqual([
      'Bearer stale',
      'Bearer fresh',
      'Bearer later',
    ]);
    expect(timing.waits, 'without a pause').toEqual([60, 60, 60]);
  });

  it('fails the request if refused again, or if it is fixed', async () => {
    const asked = bench([refusal(401, 'TOKEN_EXPIRED'), refusal(401, 'UNAUTHORIZED')], { token: () => 'x' });
    await expect(asked.transport.json(get)).rejects.toMatchObject({ name: 'UnauthorizedError', code: 'UNAUTHORIZED' });
    const fixed = bench([refusal(401, 'TOKEN_EXPIRED')], { token: 'x' });
    await expect(fixed.transport.json(get)).rejects.toMatchObject({ code: 'TOKEN_EXPIRED' });
  });

  it('is not requested again after a wrong password', async () => {
    const { server, transport } = bench([refusal(401, 'INVALID_CREDENTIALS')], { token: () => null });
    const login = { method: 'POST', path: '/api/auth/login', body: {} };
    await expect(transport.json(login)).rejects.toMatchObject({ code: 'INVALID_CREDENTIALS' });
    expect(server.requests).toHaveLength(1);
  });

  it('may have line ends around it, and an error never shows an invalid one', async () => {
    const { server, transport } = bench([answer({})], { token: 'llk_1\n' });
    await transport.json(get);
    expect(server.requests[0]?.headers.get('authorization')).toBe('Bearer llk_1');
    expect(await bench([], { token: ' ' }).transport.token(undefined)).toBe(null);
    const odd = bench([], { token: 'secret\nsecret' }).transport.json(get);
    await expect(odd).rejects.toThrow(
      new TypeError('The token has characters that no token can have. Give it without `Bearer`.'),
    );
  });

  it('is left out if the function returns nothing', async () => {
    const { server, transport } = bench([answer({})], { token: () => undefined });
    await transport.json(get);
    expect(server.requests[0]?.headers.has('authorization')).toBe(false);
  });

  it('does not delay a request beyond its timeout or an abort', async () => {
    const { server, transport, timing } = bench([], { token: () => new Promise(() => undefined) });
    const late = transport.json(get);
    timing.passAll();
    await expect(late).rejects.toMatchObject({ name: 'TimeoutError' });
    const stop = new AbortController();
    const left = transport.json({ ...get, signal: stop.signal });
    stop.abort(new Error('enough'));
    await expect(left).rejects.toThrow('enough');
    expect(server.requests).toEqual([]);
  });

  it('fails the request with the error of its function', async () => {
    const { server, transport } = bench([], { token: () => Promise.reject(new Error('the keyring is locked')) });
    await expect(transport.json(get)).rejects.toThrow('the keyring is locked');
    expect(server.requests).toEqual([]);
  });
});

describe('timeout of a request', () => {
  it('ends the request without a retry', async () => {
    const { server, transport, timing } = bench([silence], { timeout: 5 });
    await expect(transport.json(get)).rejects.toMatchObject({
      name: 'TimeoutError',
      message: 'http://h:1 did not answer within 5 s.',
    });
    expect(server.requests).toHaveLength(1);
    expect(timing.pending).toBe(0);
  });

  it('includes the reading of the answer', async () => {
    const stuck: Reply = (_request, signal) => {
      const start = (controller: ReadableStreamDefaultController): void =>
        signal.addEventListener('abort', () => controller.error(signal.reason));
      return new Response(new ReadableStream({ start }));
    };
    const { transport, timing, server } = bench([stuck], {}, new FakeTiming({ isHasty: () => false }));
    const waiting = transport.json(get);
    while (server.requests.length === 0) await Promise.resolve();
    await new Promise(setImmediate);
    timing.passAll();
    await expect(waiting).rejects.toMatchObject({ name: 'TimeoutError' });
  });

  it('is off if it is 0, or for requests without a timeout', async () => {
    const { timing, transport } = bench([answer({}), answer({}), answer({})], { timeout: 0 });
    await transport.json(get);
    expect(timing.waits).toEqual([]);
    await transport.json({ ...get, timeout: 7, isPatient: true });
    expect(timing.waits, 'unless it is said').toEqual([7]);
    const patient = bench([answer({})]);
    await patient.transport.json({ ...post, isPatient: true });
    expect(patient.timing.waits).toEqual([]);
  });

  it('ends early on abort: before the request, during it, and between retries', async () => {
    const reason = new Error('enough');
    const before = bench([]);
    await expect(before.transport.json({ ...get, signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(before.server.requests).toEqual([]);
    const during = new AbortController();
    const slow = bench([silence]);
    const waiting = slow.transport.json({ ...get, signal: during.signal });
    await Promise.resolve();
    during.abort(reason);
    await expect(waiting).rejects.toBe(reason);
    expect(slow.timing.pending).toBe(0);
    const between = new AbortController();
    const patient = bench([noConnection('ECONNREFUSED')], {}, new FakeTiming({ isHasty: () => false }));
    const retried = patient.transport.json({ ...get, signal: between.signal });
    while (patient.timing.waits.length < 2) await Promise.resolve();
    between.abort(reason);
    await expect(retried).rejects.toBe(reason);
    expect(patient.timing.pending).toBe(0);
  });

  it('leaves no listeners on a signal that many requests share', async () => {
    const { signal } = new AbortController();
    const { transport } = bench([noConnection('ECONNREFUSED'), answer({}), refusal(404, 'NOT_FOUND')]);
    await transport.json({ ...get, signal });
    await expect(transport.json({ ...get, signal })).rejects.toMatchObject({ name: 'NotFoundError' });
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });
});
