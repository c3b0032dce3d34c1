import { once } from 'node:events';
import type { LogItem } from '@llamactl/contract/logs';
import { afterEach, describe, expect, it } from 'vitest';
import {
  errorOf,
  expectShape,
  example,
  get,
  openSocket,
  serverWithInstance,
  type TestServer,
} from '../../testing/http-harness.ts';

const LINE = { timestamp: '2024-01-15T14:30:00.000Z', level: 'info', message: 'Model loaded', seq: 13 } as const;
const NEXT = { ...LINE, message: 'listening', seq: 23, untimed: true } as const;
const GAP = { gap: { from_seq: 23, to_seq: 99 } };

const URL = '/api/instances/x/logs';
const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function aServer(): Promise<TestServer> {
  const test = await serverWithInstance('x');
  closing.push(() => test.server.close());
  return test;
}

async function* bunches(...given: LogItem[][]): AsyncGenerator<readonly LogItem[]> {
  yield* given;
}

describe('a search', () => {
  it('is refused while two of the caller are under way; other reads are not', async () => {
    const test = await aServer();
    const searched = Promise.withResolvers<void>();
    const { manager } = test;
    const logs = manager.logs.bind(manager);
    manager.logs = async (name, query) => {
      if (query.contains !== undefined) await searched.promise;
      return logs(name, query);
    };
    const search = () => test.inject({ url: `${URL}?q=error` });
    const running = [search(), search()];
    const third = await search();
    expect([third.statusCode, third.headers['retry-after']]).toEqual([429, '1']);
    expect((await test.inject({ url: URL })).statusCode).toBe(200);
    searched.resolve();
    expect((await Promise.all(running)).map(({ statusCode }) => statusCode)).toEqual([200, 200]);
    expect((await search()).statusCode).toBe(200);
  });
});

describe('the last lines', () => {
  it('have the format of the reference', async () => {
    const test = await aServer();
    test.manager.log = { logs: [LINE] };
    const answer = (await test.inject({ url: URL })).json<unknown>();
    expect(answer).toEqual({ logs: [LINE] });
    expectShape(answer, await example('get-instance-logs.response'));
  });

  it.each([
    ['', { lines: 100, level: null, afterSeq: null }],
    ['?lines=7&level=warn', { lines: 7, level: 'warn', afterSeq: null }],
    ['?after_seq=13', { lines: 100, level: null, afterSeq: 13 }],
    ['?before_seq=13', { lines: 100, level: null, afterSeq: null, beforeSeq: 13 }],
    ['?q=CUDA%20error&after_seq=1', { lines: 100, level: null, afterSeq: 1, contains: 'CUDA error' }],
    ['?lines=0&follow=false', { lines: 0, level: null, afterSeq: null }],
  ])('are selected by %s', async (query, expected) => {
    const test = await aServer();
    await test.inject({ url: URL + query });
    expect(test.manager.calls).toMatchObject([{ method: 'logs', arguments: ['x', expected] }]);
  });

  it.each([
    'lines=10001',
    'lines=-1',
    'lines=1e2',
    'level=loud',
    'after_seq=x',
    'follow=yes',
    'tail=5',
    'q=',
    'before_seq=1&after_seq=0',
    'before_seq=9&follow=true',
    'q=x&follow=true',
  ])('are refused for %s', async (query) => {
    const answer = await (await aServer()).inject({ url: `${URL}?${query}` });
    expect([answer.statusCode, errorOf(answer.body).code]).toEqual([400, 'VALIDATION_ERROR']);
  });
});

describe('a followed log', () => {
  it('is one JSON value per line', async () => {
    const test = await aServer();
    test.manager.followed = bunches([LINE, NEXT], [GAP]);
    const answer = await test.inject({ url: `${URL}?follow=true&lines=5&level=error` });
    expect(answer.headers).toMatchObject({
      'content-type': 'application/x-ndjson; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    });
    expect(answer.headers['x-request-id']).toBeDefined();
    expect(answer.body).toBe([LINE, NEXT, GAP].map((item) => `${JSON.stringify(item)}\n`).join(''));
    expect(test.manager.calls).toMatchObject([
      { method: 'followLogs', arguments: ['x', { lines: 5, level: 'error', afterSeq: null }, expect.any(AbortSignal)] },
    ]);
  });

  it('is Server-Sent Events when the caller accepts them, with positions as ids', async () => {
    const test = await aServer();
    test.manager.followed = bunches([LINE], [GAP]);
    const answer = await test.inject({ url: `${URL}?follow=true`, headers: { accept: 'text/event-stream' } });
    expect(answer.headers['content-type']).toBe('text/event-stream; charset=utf-8');
    expect(answer.body).toBe(
      `retry: 1000\n\nid: 13\ndata: ${JSON.stringify(LINE)}\n\nid: 99\ndata: ${JSON.stringify(GAP)}\n\n`,
    );
  });

  it.each([
    ['after_seq', `${URL}?follow=true&after_seq=13`, {}, 13],
    ['Last-Event-ID', `${URL}?follow=true`, { 'last-event-id': '23' }, 23],
    ['Last-Event-ID, which is newer than after_seq', `${URL}?follow=true&after_seq=13`, { 'last-event-id': '23' }, 23],
  ])('continues with all lines after %s', async (_what, url, headers, afterSeq) => {
    const test = await aServer();
    await test.inject({ url, headers: { accept: 'text/event-stream', ...headers } });
    expect(test.manager.calls).toMatchObject([
      { method: 'followLogs', arguments: ['x', { lines: null, level: null, afterSeq }, expect.any(AbortSignal)] },
    ]);
  });

  it('of an unknown instance is not found', async () => {
    const answer = await (await aServer()).inject({ url: '/api/instances/unknown/logs?follow=true' });
    expect(errorOf(answer.body).code).toBe('INSTANCE_NOT_FOUND');
  });

  it('is answered before the first line, sends heartbeats during silence, and is released when the caller hangs up', async () => {
    const test = await aServer();
    const letGo = Promise.withResolvers<void>();
    async function* silent(): AsyncGenerator<readonly LogItem[]> {
      const [, , signal] = test.manager.calls.at(-1)?.arguments ?? [];
      if (!(signal instanceof AbortSignal)) throw new Error('no signal was given');
      yield [LINE];
      if (!signal.aborted) await once(signal, 'abort');
      letGo.resolve();
    }
    test.manager.followed = silent();
    const { port } = await test.server.listen({ host: '127.0.0.1', port: 0 });
    const socket = openSocket(
      port,
      get(`${URL}?follow=true`).replace('\r\n\r\n', '\r\nAccept: text/event-stream\r\n\r\n'),
    );
    let text = '';
    socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
    while (!text.includes('Model loaded')) await once(socket, 'data');
    const beat = once(socket, 'data');
    await test.clock.advance(15_000);
    await beat;
    expect(text).toContain('\r\n:\n\n');
    socket.destroy();
    await letGo.promise;
  });

  it('answers HEAD at once', async () => {
    const answer = await (await aServer()).inject({ method: 'HEAD', url: `${URL}?follow=true` });
    expect([answer.statusCode, answer.body]).toEqual([200, '']);
  });
});
