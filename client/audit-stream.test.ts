import { describe, expect, it } from 'vitest';
import { Client } from './client.ts';
import { collected } from './testing/collected.ts';
import { FakeTiming } from './testing/fake-timing.ts';
import { eventStream, refusal, ScriptedFetch, type Reply } from './testing/scripted-fetch.ts';

/** An answer with rows, in chunks. */
const rows =
  (...pieces: (string | Error | null)[]): Reply =>
  async (request, signal) => {
    const reply = eventStream(...pieces);
    if (typeof reply !== 'function') throw new Error('no stream');
    const { body } = await reply(request, signal);
    return new Response(body, { headers: { 'content-type': 'application/x-ndjson; charset=utf-8' } });
  };

function bench(...replies: Reply[]) {
  const server = new ScriptedFetch(...replies);
  const timing = new FakeTiming();
  return { server, timing, client: new Client({ url: 'http://h:1', fetch: server.fetch, retries: 0 }, timing) };
}

describe('stream of the audit trail', () => {
  it('yields one row at a time, however the answer is chunked', async () => {
    const { server, client } = bench(rows('{"seq":3}\n{"se', 'q":2}\n', '{"seq":1}'));
    const filter = { limit: 5_000, before_seq: 9, subject: 'user:ann', action: 'login', target: 'a' };
    expect(await collected(client.streamAudit(filter))).toEqual([{ seq: 3 }, { seq: 2 }, { seq: 1 }]);
    expect(server.targets).toEqual(['GET /api/audit?limit=5000&before_seq=9&subject=user%3Aann&action=login&target=a']);
    expect(server.requests[0]?.headers.get('accept')).toBe('application/x-ndjson');
  });

  it('may be empty', async () => {
    expect(await collected(bench(rows()).client.streamAudit())).toEqual([]);
  });

  it.each([
    ['who may not read it', refusal(403, 'FORBIDDEN'), 'ForbiddenError'],
    ['a connection that breaks', rows('{"seq":3}\n', new Error('reset')), 'ConnectionError'],
    ['what is no row', rows('hm\n'), 'ProtocolError'],
    ['what is no stream of rows', new Response('{}'), 'ProtocolError'],
  ])('throws for %s', async (_what, reply, name) => {
    await expect(collected(bench(reply).client.streamAudit())).rejects.toMatchObject({ name });
  });

  it('fails if the server is silent for the timeout, but not if the caller takes longer', async () => {
    const { client, timing } = bench(rows('{"seq":3}\n', null));
    const items = client.streamAudit();
    await items.next();
    expect(timing.pending).toBe(0);
    const next = items.next();
    await new Promise(setImmediate);
    timing.passAll();
    await expect(next).rejects.toMatchObject({ name: 'TimeoutError' });
  });

  it('ends on abort, also between rows that already arrived, and closes when the caller leaves the loop', async () => {
    const stop = new AbortController();
    const { client, timing } = bench(rows('{"seq":3}\n{"seq":2}\n', null), rows('{"seq":3}\n', null));
    const items = client.streamAudit({ signal: stop.signal });
    await items.next();
    stop.abort(new Error('enough'));
    await expect(items.next()).rejects.toThrow('enough');
    for await (const _ of client.streamAudit()) break;
    expect(timing.pending).toBe(0);
  });
});
