import { describe, expect, it } from 'vitest';
import { Client } from './client.ts';
import type { LogItem } from './models.ts';
import type { Interruption } from './options.ts';
import {
  answer,
  eventStream,
  noConnection,
  refusal,
  ScriptedFetch,
  silence,
  type Reply,
} from './testing/scripted-fetch.ts';
import { collected } from './testing/collected.ts';
import { FakeTiming } from './testing/fake-timing.ts';

const entry = (seq: number) => ({
  timestamp: '2026-03-01T12:00:00.000Z',
  level: 'info' as const,
  message: `line ${seq}`,
  seq,
});
const sent = (...items: object[]): string => items.map((item) => `id: 1\ndata: ${JSON.stringify(item)}\n\n`).join('');
const logs = (...seqs: number[]): Response => answer({ logs: seqs.map(entry) });
const alive = (born = 'first'): Response => answer({ created_at: born });
const gone = (): Response => refusal(404, 'INSTANCE_NOT_FOUND');
const places = (items: LogItem[]): unknown[] => items.map((item) => ('gap' in item ? item.gap : item.seq));
const SOURCE = '/api/instances/a/logs';

function bench(...replies: Reply[]) {
  const server = new ScriptedFetch(...replies);
  const timing = new FakeTiming();
  return { server, timing, client: new Client({ url: 'http://h:1', fetch: server.fetch }, timing) };
}

describe('followed log', () => {
  it('yields the last lines, then new ones, and ends when the instance is deleted', async () => {
    const { server, client } = bench(
      alive(),
      logs(1, 2),
      eventStream(
        'retry: 1000\n\n',
        sent(entry(3)),
        ':\n\n',
        sent(entry(4), { gap: { from_seq: 4, to_seq: 9 } }, entry(10)),
      ),
      gone(),
    );
    expect(places(await collected(client.followLogs('a', { lines: 2 })))).toEqual([
      1,
      2,
      3,
      4,
      { from_seq: 4, to_seq: 9 },
      10,
    ]);
    expect(server.targets).toEqual([
      'GET /api/instances/a',
      `GET ${SOURCE}?lines=2`,
      `GET ${SOURCE}?follow=true&after_seq=2`,
      'GET /api/instances/a',
    ]);
    expect(server.requests[2]?.headers.get('accept')).toBe('text/event-stream');
  });

  it('resumes at its position after any kind of lost connection', async () => {
    const interruptions: Interruption[] = [];
    const { server, client } = bench(
      alive(),
      logs(1),
      eventStream(sent(entry(2)), noConnection('UND_ERR_SOCKET')),
      noConnection('ECONNREFUSED'),
      refusal(503, 'SHUTTING_DOWN', { 'retry-after': '1' }),
      alive(),
      eventStream(sent({ gap: { from_seq: 2, to_seq: 5 } })),
      alive(),
      eventStream(sent(entry(6))),
      gone(),
    );
    const items = await collected(client.followLogs('a', { onInterruption: (each) => interruptions.push(each) }));
    expect(places(items)).toEqual([1, 2, { from_seq: 2, to_seq: 5 }, 6]);
    expect(server.targets.filter((target) => target.includes('follow'))).toEqual([
      `GET ${SOURCE}?follow=true&after_seq=1`,
      `GET ${SOURCE}?follow=true&after_seq=2`,
      `GET ${SOURCE}?follow=true&after_seq=5`,
    ]);
    expect(interruptions.map(({ attempt, delay }) => [attempt, delay])).toEqual([
      [1, 0.125],
      [2, 0.25],
      [3, 1.5],
    ]);
  });

  it('calls onOpen for every connection, before its first line', async () => {
    const { client } = bench(
      alive(),
      logs(1),
      eventStream(sent(entry(2))),
      alive(),
      eventStream(sent(entry(3))),
      gone(),
    );
    const seen: unknown[] = [];
    for await (const item of client.followLogs('a', { onOpen: () => seen.push('open') })) seen.push(...places([item]));
    expect(seen).toEqual([1, 'open', 2, 'open', 3]);
  });

  it('closes the connection when a callback fails', async () => {
    const { client, timing } = bench(alive(), logs(), eventStream(null));
    const onOpen = (): never => {
      throw new Error('mine');
    };
    await expect(collected(client.followLogs('a', { onOpen }))).rejects.toThrow('mine');
    expect(timing.pending).toBe(0);
  });

  it('starts with new lines if lines is 0, and after after_seq if given', async () => {
    const now = bench(alive(), logs(7), eventStream(sent(entry(8))), gone());
    expect(places(await collected(now.client.followLogs('a', { lines: 0 })))).toEqual([8]);
    expect(now.server.targets.slice(1, 3)).toEqual([`GET ${SOURCE}?lines=1`, `GET ${SOURCE}?follow=true&after_seq=7`]);
    const after5 = bench(alive(), eventStream(sent(entry(6))), gone());
    await collected(after5.client.followLogs('a', { after_seq: 5 }));
    expect(after5.server.targets[1]).toBe(`GET ${SOURCE}?follow=true&after_seq=5`);
    const empty = bench(alive(), logs(), eventStream(), gone());
    await collected(empty.client.followLogs('a'));
    expect(empty.server.targets[2]).toBe(`GET ${SOURCE}?follow=true&after_seq=0`);
  });

  it('yields each line once if the server starts at another position', async () => {
    const { client } = bench(
      alive(),
      logs(1, 2),
      eventStream(sent(entry(1), entry(2), entry(3))),
      alive(),
      eventStream(sent({ gap: { from_seq: 1, to_seq: 2 } }, entry(3), entry(4))),
      gone(),
    );
    expect(places(await collected(client.followLogs('a')))).toEqual([1, 2, 3, 4]);
  });

  it('yields the lines of a log that starts over, such as a restored one', async () => {
    const later = { ...entry(2), timestamp: '2026-03-01T12:00:01.000Z' };
    const { client } = bench(alive(), logs(9), eventStream(sent(later)), gone());
    expect(places(await collected(client.followLogs('a')))).toEqual([9, 2]);
    const given = bench(alive(), eventStream(sent(entry(2))), gone());
    expect(places(await collected(given.client.followLogs('a', { after_seq: 9 })))).toEqual([2]);
  });

  it('starts after the newest line of any level if it filters by level', async () => {
    const { server, client } = bench(alive(), logs(20), logs(3, 8), eventStream(), gone());
    expect(places(await collected(client.followLogs('a', { level: 'warn' })))).toEqual([3, 8]);
    expect(server.targets.slice(1, 4)).toEqual([
      `GET ${SOURCE}?lines=1`,
      `GET ${SOURCE}?level=warn`,
      `GET ${SOURCE}?follow=true&level=warn&after_seq=20`,
    ]);
  });

  it('ends when another instance gets the name', async () => {
    const { client } = bench(alive('first'), logs(1), eventStream(), alive('second'));
    expect(places(await collected(client.followLogs('a')))).toEqual([1]);
  });

  it('pauses between retries if the stream ends again and again', async () => {
    const { client, timing } = bench(
      alive(),
      logs(),
      eventStream(),
      alive(),
      eventStream(),
      alive(),
      eventStream(),
      gone(),
    );
    await collected(client.followLogs('a'));
    expect(timing.waits.filter((seconds) => seconds < 60)).toEqual([0.25, 0.5]);
  });

  it.each([
    ['an instance that is not there', [gone()], 'NotFoundError'],
    ['a server that is not there', [noConnection('ECONNREFUSED')], 'ConnectionError'],
    ['who may not', [alive(), logs(), refusal(403, 'FORBIDDEN')], 'ForbiddenError'],
    ['a token that ended', [alive(), logs(), eventStream(), refusal(401, 'TOKEN_EXPIRED')], 'UnauthorizedError'],
    ['another 404', [alive(), logs(), eventStream(), refusal(404, 'NOT_FOUND')], 'NotFoundError'],
    ['the 404 of a proxy', [alive(), logs(), eventStream(), answer('<p>gone</p>', 404)], 'ProtocolError'],
    ['a fault', [alive(), logs(), eventStream(), refusal(500, 'INTERNAL_ERROR')], 'ServerError'],
    ['what is no log', [alive(), logs(), eventStream('data: hm\n\n')], 'ProtocolError'],
  ])('throws for %s', async (_what, replies, name) => {
    await expect(collected(bench(...replies).client.followLogs('a'))).rejects.toMatchObject({ name });
  });

  it('reconnects after a silent minute, in which the server normally sends something four times', async () => {
    const { client, timing } = bench(alive(), logs(1), eventStream(null), alive(), eventStream(sent(entry(2))), gone());
    const items = client.followLogs('a');
    await items.next();
    const next = items.next();
    while (!(timing.waits.length === 4 && timing.pending === 1)) await new Promise(setImmediate);
    timing.passAll();
    expect(await next).toEqual({ done: false, value: entry(2) });
    await items.return();
  });

  it('ends on abort in every phase', async () => {
    const reason = new Error('enough');
    const reading = new AbortController();
    const items = bench(alive(), logs(1), eventStream(null)).client.followLogs('a', { signal: reading.signal });
    await items.next();
    const next = items.next();
    await new Promise(setImmediate);
    reading.abort(reason);
    await expect(next).rejects.toBe(reason);
    const past = new AbortController();
    const lines = bench(alive(), logs(1, 2)).client.followLogs('a', { signal: past.signal });
    await lines.next();
    past.abort(reason);
    await expect(lines.next()).rejects.toBe(reason);
    const asking = new AbortController();
    const first = bench(silence).client.followLogs('a', { signal: asking.signal }).next();
    asking.abort(reason);
    await expect(first).rejects.toBe(reason);
  });

  it('closes the connection when the caller leaves the loop', async () => {
    let signal: AbortSignal | undefined;
    const open: Reply = (request, given) => {
      signal = given;
      const reply = eventStream(sent(entry(2)), null);
      return typeof reply === 'function' ? reply(request, given) : answer({});
    };
    const { client, timing } = bench(alive(), logs(1), open);
    for await (const item of client.followLogs('a')) if ('seq' in item && item.seq === 2) break;
    expect(signal?.aborted).toBe(true);
    expect(timing.pending).toBe(0);
  });
});
