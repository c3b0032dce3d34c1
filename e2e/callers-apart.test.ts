import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { DEMO_SENTENCE } from '@llamactl/cli/quickstart/demo-model';
import { RequestsSchema } from '@llamactl/contract/requests';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { testModel } from '../scripts/test-assets.ts';
import { request, untilEnd } from './raw-request.ts';
import { ServerProcess } from './server-process.ts';

/** Two keys on one real llama-server: neither finds, reads or deletes what the other asked for. */

const PATIENCE = { timeout: 20_000, interval: 10 };
const SESSION = 'the-session-of-one';
const ENDLESS = { model: 'demo', prompt: 'Hi', stream: true, ignore_eos: true, n_predict: -1 };

let server: ServerProcess;
let admin: string;
/** The secrets of two keys. */
let one: string;
let other: string;

interface Call {
  headers?: Record<string, string>;
  body?: unknown;
  signal?: AbortSignal;
}

async function call(
  method: string,
  url: string,
  secret: string,
  { headers, body, signal }: Call = {},
): Promise<Response> {
  return fetch(server.url + url, {
    method,
    headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json', ...headers },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    ...(signal !== undefined && { signal }),
  });
}

async function made(url: string, body: object): Promise<Record<string, unknown>> {
  const answer = await call('POST', url, admin, { body });
  expect(answer.status).toBe(url === '/api/auth/login' ? 200 : 201);
  return (await answer.json()) as Record<string, unknown>;
}

beforeAll(async () => {
  server = await ServerProcess.create('auth: { enabled: true }');
  await server.start();
  const password = (await readFile(path.join(server.dataDirectory, 'admin-password'), 'utf8')).trim();
  admin = String((await made('/api/auth/login', { username: 'admin', password }))['token']);
  const options = { parallel: 2, ctx_size: 512, context_shift: true, threads: 1 };
  await made('/api/instances', { name: 'demo', model_path: await testModel(), options });
  one = String((await made('/api/keys', { name: 'one' }))['key']);
  other = String((await made('/api/keys', { name: 'other' }))['key']);
  expect((await call('POST', '/api/instances/demo/start?wait=true', admin)).status).toBe(200);
});

afterAll(() => server.dispose());

async function busySlots(): Promise<number> {
  const slots = (await (await call('GET', '/api/instances/demo/proxy/slots', admin)).json()) as {
    is_processing: boolean;
  }[];
  expect(slots).toHaveLength(2);
  return slots.filter(({ is_processing: isBusy }) => isBusy).length;
}

describe('a stream with a session id', () => {
  it('ends with its connection, and leaves no slot busy', async () => {
    const leaving = new AbortController();
    const streams = await Promise.all(
      [1, 2].map((number) =>
        call('POST', '/v1/completions', one, {
          headers: { 'X-Conversation-Id': `${SESSION}-${number}` },
          body: ENDLESS,
          signal: leaving.signal,
        }),
      ),
    );
    for (const stream of streams) await stream.body?.getReader().read();
    expect(await busySlots()).toBe(2);
    leaving.abort();
    await vi.waitFor(async () => expect(await busySlots()).toBe(0), PATIENCE);
    const { in_flight: requests } = RequestsSchema.parse(await (await call('GET', '/api/requests', admin)).json());
    expect(requests).toEqual([]);
  });

  it('is not found, read or deleted by other callers', async () => {
    const leaving = new AbortController();
    const headers = { 'X-Conversation-Id': SESSION };
    const stream = await call('POST', '/v1/completions', one, { headers, body: ENDLESS, signal: leaving.signal });
    const reader = stream.body?.getReader();
    await reader?.read();
    const url = `/v1/stream?conv_id=${SESSION}&model=demo`;
    for (const method of ['GET', 'DELETE']) expect((await call(method, url, other)).status).toBe(404);
    const lookup = { model: 'demo', conversation_ids: [SESSION] };
    expect((await call('POST', '/v1/streams/lookup', other, { body: lookup })).status).toBe(404);
    const control = { model: 'demo', id: 'chatcmpl-1', action: 'reasoning_end' };
    expect((await call('POST', '/v1/chat/completions/control', other, { body: control })).status).toBe(404);
    // the engine itself has no session of it
    const known = await call('POST', '/api/instances/demo/proxy/v1/streams/lookup', admin, { body: lookup });
    expect(await known.json()).toEqual([]);
    expect((await reader?.read())?.done).toBe(false);
    leaving.abort();
    await vi.waitFor(async () => expect(await busySlots()).toBe(0), PATIENCE);
  });
});

describe('an admin', () => {
  it('has the sessions of the engine through /proxy, which no spelling of their path opens under /v1', async () => {
    const proxy = '/api/instances/demo/proxy';
    const headers = { 'X-Conversation-Id': 'kept' };
    const body = { prompt: 'Hi', stream: true };
    await (await call('POST', `${proxy}/v1/completions`, admin, { headers, body })).text();
    const ask = async (url: string, secret: string): Promise<{ status: number; source: unknown; body: string }> => {
      const {
        status,
        headers: got,
        body: text,
      } = await untilEnd(server.port, request(`GET ${url}`, [`Authorization: Bearer ${secret}`]));
      return { status, source: got.get('x-llamactl-source'), body: text };
    };
    const [word = ''] = DEMO_SENTENCE.split(' ');
    const opened: string[] = [];
    for (const spelling of SPELLINGS) {
      const url = `${spelling}${spelling.includes('?') ? '&' : '?'}conv_id=kept&model=demo`;
      const direct = await ask(`${proxy}${url}`, admin);
      if (direct.status === 200 && direct.body.includes(word)) opened.push(spelling);
      const closed = await ask(url, other);
      expect([400, 404], `${spelling}: ${closed.body}`).toContain(closed.status);
      if (opened.includes(spelling)) expect(closed.source, spelling).not.toBe('engine');
    }
    // these are why a path is not compared as it is written
    expect(opened).toEqual(expect.arrayContaining(['/v1/stream', '/v1/%73tream', '/v1/st%72eam']));
  });
});

const SPELLINGS = [
  '/v1/stream',
  '/v1/stream/',
  '/v1/stream?',
  '/v1/stream#x',
  '/v1//stream',
  '/v1/./stream',
  '/v1/x/../stream',
  '/v1/%2e/stream',
  '/v1/Stream',
  '/v1/stream;x=y',
  '/v1/%73tream',
  '/v1/st%72eam',
  '/v1/%2573tream',
  '/v1/%u0073tream',
  '/v1/%U0073tream',
  '/v1%2fstream',
  '/v1/%2fstream',
  '/v1/stream%00',
  '/v1/stream%20',
  '/v1/stream%3fx',
  '/v1/stream+',
  '/v1\\stream',
];
