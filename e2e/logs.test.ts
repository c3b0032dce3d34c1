import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LogsSchema, type LogEntry } from '@llamactl/contract/logs';
import { testModel } from '../scripts/test-assets.ts';
import { FollowedLog } from './followed-log.ts';
import { ServerProcess } from './server-process.ts';

/** What the real engine writes, over the API, through everything that can happen to either program. */

let server: ServerProcess;
const followers: FollowedLog[] = [];

beforeEach(async () => {
  server = await ServerProcess.create();
  await server.start();
  await server.call('POST', '/api/instances', { name: 'a', model_path: await testModel(), options: { threads: 1 } });
  const started = await server.call('POST', '/api/instances/a/start?wait=true');
  // Without a start there is no log, and each test would fail for a reason of its own.
  expect(started).toMatchObject({ status: 200, body: { status: 'running' } });
});

afterEach(async () => {
  for (const follower of followers.splice(0)) await follower.close();
  await server.dispose();
});

async function logs(query = ''): Promise<LogEntry[]> {
  const { status, body } = await server.call('GET', `/api/instances/a/logs${query}`);
  expect(status).toBe(200);
  return LogsSchema.parse(body).logs;
}

function follow(query = '', headers: Record<string, string> = {}): FollowedLog {
  const follower = new FollowedLog(`${server.url}/api/instances/a/logs?follow=true${query}`, headers);
  followers.push(follower);
  return follower;
}

/** The log once the engine listens: it writes its log in a thread of its own, and may answer before that has run. */
async function startedLog(): Promise<LogEntry[]> {
  return vi.waitFor(
    async () => {
      const seen = await logs('?lines=10000');
      expect(messages(seen)).toContainEqual(expect.stringMatching(LISTENS));
      return seen;
    },
    { timeout: 20_000 },
  );
}

const messages = (entries: readonly LogEntry[]): string[] => entries.map(({ message }) => message);
const LISTENS = /listening on http/;

describe("the engine's log", () => {
  it('tells when, how serious and what, in the order in which it was written', async () => {
    const before = Date.now();
    const entries = await startedLog();
    const times = entries.map(({ timestamp }) => Date.parse(timestamp));
    expect(times).toEqual(times.toSorted((one, other) => one - other));
    // The engine counts from its own start; it was started within the last minute.
    expect(times.every((time) => time > before - 60_000 && time < Date.now() + 1_000)).toBe(true);
    const seqs = entries.map(({ seq }) => seq);
    expect(seqs).toEqual([...new Set(seqs)].toSorted((one, other) => one - other));
    expect(
      entries.every(({ message }) => !/^\d+\.\d\d\.\d{3}/.test(message)),
      'the clock is no part of it',
    ).toBe(true);
  });

  it('is read on from a place', async () => {
    const all = await startedLog();
    const place = all[Math.floor(all.length / 2)]?.seq ?? 0;
    const rest = all.filter(({ seq }) => seq > place);
    expect(rest.length).toBeGreaterThan(0);
    expect((await logs(`?lines=10000&after_seq=${place}`)).slice(0, rest.length)).toEqual(rest);
  });

  it('is filtered by level before it is counted: the error of an earlier run is found behind much else', async () => {
    await server.call('PUT', '/api/instances/a', { extra_args: ['--no-such-flag'] });
    await server.call('POST', '/api/instances/a/restart?wait=true');
    await server.call('PUT', '/api/instances/a', { extra_args: [] });
    await server.call('POST', '/api/instances/a/start?wait=true');
    expect(await logs('?lines=1&level=error')).toMatchObject([
      { level: 'error', message: expect.stringContaining('--no-such-flag') as unknown },
    ]);
    // The last line is about slots, which are details.
    expect(await logs('?lines=1')).toMatchObject([{ level: 'debug' }]);
    expect(await logs('?lines=1&level=info')).toMatchObject([
      { level: 'info', message: expect.stringContaining('listening on') as unknown },
    ]);
  });

  it('is there when the engine is stopped, after a restart of llamactl, and gone with the instance', async () => {
    await server.call('POST', '/api/instances/a/stop?wait=true');
    const stopped = await logs();
    expect(messages(stopped)).toContainEqual(expect.stringMatching(LISTENS));
    await server.end('SIGKILL');
    await server.start();
    expect(await logs()).toEqual(stopped);
    await server.call('DELETE', '/api/instances/a');
    await server.call('POST', '/api/instances', { name: 'a', model_path: await testModel() });
    expect(await logs(), 'a new instance inherits nothing').toEqual([]);
  });
});

describe('a followed log', () => {
  it('goes on over restarts of the instance and ends when it is deleted', async () => {
    const follower = follow('&lines=0');
    for (let round = 1; round <= 3; round += 1) {
      await server.call('POST', '/api/instances/a/restart?wait=true');
      await follower.until((seen) => messages(seen).filter((text) => LISTENS.test(text)).length === round);
    }
    await server.call('POST', '/api/instances/a/stop?wait=true');
    await server.call('DELETE', '/api/instances/a');
    await follower.ended;
    expect(follower.gaps).toEqual([]);
  });

  it('is resumed where it broke off when llamactl was killed: nothing lost, nothing twice', async () => {
    const first = follow('&lines=10000', { accept: 'text/event-stream' });
    await first.until((seen) => messages(seen).some((text) => LISTENS.test(text)));
    await server.end('SIGKILL');
    await first.broken;
    await server.start();
    const last = String(first.entries.at(-1)?.seq);
    const second = follow('', { accept: 'text/event-stream', 'last-event-id': last });
    await server.call('POST', '/v1/chat/completions', { model: 'a', messages: [{ role: 'user', content: 'Hello' }] });
    await second.until((seen) => messages(seen).some((text) => text.includes('stop processing')));
    const seen = [...first.entries, ...second.entries];
    const all = await logs('?lines=10000');
    expect(seen).toEqual(all.slice(0, seen.length));
  });
});
