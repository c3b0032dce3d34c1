import { Client, TimeoutError } from '@llamactl/client';
import { describe, expect, it, vi } from 'vitest';
import type { ServerAddress } from '../server/server-address.ts';
import { checkServer } from './server-checks.ts';

const NOW = Date.parse('2026-03-01T12:00:00Z');
const ADDRESS: ServerAddress = {
  url: 'http://127.0.0.1:8080',
  token: null,
  context: null,
  source: 'the default',
  dataDirectory: null,
};
const LIST = { instances: [{ name: 'qwen', port: 8100 }] };

interface Prepared {
  status?: number;
  body: object;
  /** Seconds. */
  retryAfter?: number;
}

/** A server with these responses by path; `null`: no server. */
function answering(
  answers: Record<string, Prepared> | null,
  /** Answers that come first, each once. */
  before: Record<string, Prepared> = {},
): Client {
  const fetch = async (input: string | URL | Request): Promise<Response> => {
    if (answers === null)
      throw new TypeError('fetch failed', { cause: Object.assign(new Error(), { code: 'ECONNREFUSED' }) });
    const { pathname } = new URL(input instanceof Request ? input.url : input);
    const unknown: Prepared = { status: 404, body: { error: pathname, code: 'NOT_FOUND' } };
    const { status = 200, body, retryAfter } = before[pathname] ?? answers[pathname] ?? unknown;
    delete before[pathname];
    const headers = new Headers({ date: new Date(NOW).toUTCString() });
    if (retryAfter !== undefined) headers.set('retry-after', String(retryAfter));
    return new Response(JSON.stringify(body), { status, headers });
  };
  return new Client({ url: ADDRESS.url, fetch });
}

function info(version = '0.1.0', alerts: object[] = []): Record<string, { body: object }> {
  return {
    '/api/system/info': { body: { version } },
    '/api/system/alerts': { body: { alerts } },
    '/api/instances': { body: LIST },
    '/api/models': { body: { models: [], scanning: false, problems: [] } },
  };
}

function check(
  client: Client,
  { address = ADDRESS, now = NOW, pid = null as number | null } = {},
): ReturnType<typeof checkServer> {
  return checkServer({ client, address, pid, version: '0.1.0', now: () => now, signal: new AbortController().signal });
}

describe('the server', () => {
  it('is fine if it answers, and reports its ports', async () => {
    const { findings, ports } = await check(answering(info()));
    expect(findings).toMatchObject([
      { check: 'server', level: 'ok', message: expect.stringContaining('from the default') as unknown },
      { check: 'alerts', level: 'ok' },
    ]);
    expect([...ports]).toEqual([8100]);
  });

  it.each(['/api/system/info', '/api/instances'])('is asked again if it limits requests to %s', async (route) => {
    const busy = { status: 429, body: { error: 'Too many.', code: 'RATE_LIMITED' }, retryAfter: 0 };
    const { findings } = await check(answering(info(), { [route]: busy }));
    expect(findings).toMatchObject([{ check: 'server', level: 'ok' }, { check: 'alerts' }]);
  });

  it('is a warning if it limits requests for longer than a request waits', async () => {
    const body = { error: 'More than 100 requests in a minute.', code: 'RATE_LIMITED' };
    const busy = { status: 429, body, retryAfter: 3_600 };
    const { findings } = await check(answering({ ...info(), '/api/instances': busy }));
    expect(findings).toMatchObject([
      { level: 'warning', message: expect.stringContaining('More than 100') as unknown },
    ]);
  });

  it('is an error if it hangs, with the way to end a process of this machine', async () => {
    const hanging = new Client({ url: ADDRESS.url });
    vi.spyOn(hanging, 'request').mockRejectedValue(new TimeoutError('no answer', { url: ADDRESS.url }));
    const message = 'http://127.0.0.1:8080 (from the default) did not answer within 5 s';
    const elsewhere = await check(hanging);
    expect(elsewhere.findings).toEqual([{ check: 'server', level: 'error', message, remedies: [] }]);
    const { findings } = await check(hanging, { pid: 4711 });
    expect(findings).toMatchObject([
      {
        level: 'error',
        message: `${message}; it is process 4711`,
        remedies: [{ label: expect.stringContaining('kill -9 4711, then llamactl up') as unknown }],
      },
    ]);
  });

  it('is a warning if it has another version', async () => {
    const { findings } = await check(answering(info('0.2.0')));
    expect(findings[0]).toMatchObject({ level: 'warning', message: expect.stringContaining('0.2.0') as unknown });
  });

  it('is a warning if its clock differs from ours', async () => {
    const { findings } = await check(answering(info()), { now: NOW + 120_000 });
    expect(findings).toContainEqual(expect.objectContaining({ check: 'clock', level: 'warning' }));
  });

  it('has its alerts reported', async () => {
    const alert = (level: string, instance?: string): object => ({ level, code: 'c', message: 'm', instance });
    const { findings } = await check(answering(info('0.1.0', [alert('error', 'qwen'), alert('warning')])));
    expect(findings.slice(1)).toMatchObject([
      { check: 'alert', level: 'error', message: 'm (c)', remedies: [{ command: 'llamactl why qwen' }] },
      { check: 'alert', level: 'warning', remedies: [] },
    ]);
  });

  it('is an error if missing, but only if it was named', async () => {
    expect((await check(answering(null))).findings).toMatchObject([
      { level: 'warning', remedies: [{ label: 'To start one: llamactl up' }] },
    ]);
    const named = { ...ADDRESS, source: '--url' };
    expect((await check(answering(null), { address: named })).findings).toMatchObject([{ level: 'error' }]);
  });

  it('names instances that cannot be started, and models that cannot be loaded', async () => {
    const obstacle = { code: 'MODEL_NOT_FOUND', message: 'The model file /m.gguf does not exist.' };
    const answers = {
      ...info(),
      '/api/instances': {
        body: {
          instances: [
            { name: 'gone', port: 1, status: 'stopped' },
            { name: 'up', port: 2, status: 'running' },
          ],
        },
      },
      '/api/instances/gone/health': { body: { status: 'stopped', start_obstacle: obstacle } },
      '/api/instances/up/health': { body: { status: 'healthy', start_obstacle: obstacle } },
      '/api/models': {
        body: {
          models: [
            { name: 'cut', problems: ['is cut off'] },
            { name: 'whole', problems: [] },
          ],
        },
      },
    };
    expect((await check(answering(answers))).findings.slice(2)).toMatchObject([
      {
        level: 'warning',
        message: `gone cannot be started: ${obstacle.message}`,
        remedies: [{ command: 'llamactl why gone' }],
      },
      { message: `up runs, but once it stops, it cannot start again: ${obstacle.message}` },
      { level: 'warning', message: '1 model of the library cannot be loaded or lacks a part: cut' },
    ]);
  });

  it('names one command for all instances whose files Ollama has replaced, and what to do for those it deleted', async () => {
    const file = `/ollama/blobs/sha256-${'0'.repeat(64)}`;
    const obstacle = { code: 'MODEL_NOT_FOUND', message: `the model file ${file} does not exist` };
    const health = { body: { status: 'stopped', start_obstacle: obstacle } };
    const gone = { port: 1, status: 'failed', model_path: file };
    const alert = { level: 'error', code: 'INSTANCE_FAILED', message: `a failed: ${obstacle.message}`, instance: 'a' };
    const answers = {
      ...info('0.1.0', [alert]),
      '/api/instances': {
        body: {
          instances: [
            { ...gone, name: 'a', model: 'ollama:qwen3:8b' },
            { ...gone, name: 'b', model: 'qwen3:8b' },
            { ...gone, name: 'by-path' },
            { ...gone, name: 'c', model: 'ollama:chatty:latest' },
            { ...gone, name: 'd', model: 'chatty:latest', status: 'running' },
            { ...gone, name: 'e', model: 'cut:1b' },
          ],
        },
      },
      '/api/models': {
        body: {
          models: [
            { id: 'id-1', ref: 'ollama:qwen3:8b', name: 'qwen3:8b', path: '/ollama/blobs/new', problems: [] },
            { id: 'id-2', ref: 'ollama:cut:1b', name: 'cut:1b', path: '/ollama/blobs/cut', problems: ['is cut off'] },
          ],
        },
      },
      '/api/instances/c/health': health,
      '/api/instances/d/health': health,
      '/api/instances/e/health': health,
      '/api/instances/a/health': health,
      '/api/instances/b/health': health,
      '/api/instances/by-path/health': health,
    };
    expect((await check(answering(answers))).findings.slice(1)).toMatchObject([
      { message: `by-path cannot be started: ${obstacle.message}` },
      {
        check: 'instance',
        level: 'warning',
        message: 'Ollama has replaced the files of qwen3:8b, so these cannot be started: a, b',
        remedies: [{ command: 'llamactl import ollama qwen3:8b --update' }],
      },
      {
        check: 'instance',
        level: 'warning',
        message: 'Ollama no longer has chatty:latest, so these cannot be started: c, d (once it stops)',
        remedies: [{ command: 'ollama pull chatty:latest' }, { command: 'llamactl rm c d' }],
      },
      { message: 'Ollama no longer has cut:1b, so these cannot be started: e' },
      { check: 'models' },
    ]);
  });

  it('that is missing can be started, if a context follows its data directory', async () => {
    const address = { ...ADDRESS, context: 'local', source: 'the context local', dataDirectory: '/data' };
    expect((await check(answering(null), { address })).findings).toMatchObject([
      { level: 'error', remedies: [{ label: 'To start one: llamactl up' }] },
    ]);
  });

  it('suggests a log-in if it requires one', async () => {
    const refusal = { status: 401, body: { error: 'Log in first.', code: 'UNAUTHORIZED' } };
    const { findings } = await check(answering({ '/api/system/info': refusal }));
    expect(findings).toMatchObject([
      { level: 'warning', remedies: [{ label: expect.stringContaining('llamactl login') as unknown }] },
    ]);
  });

  it('is an error if it is another program', async () => {
    const { findings } = await check(answering({}));
    expect(findings).toMatchObject([{ check: 'server', level: 'error' }]);
  });
});
