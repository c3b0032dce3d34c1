import type { Client, Frame, Status } from '@llamactl/client';
import { expect, it } from 'vitest';
import { sampleInstance } from '../../testing/sample-instance.ts';
import { sampleRow } from '../../testing/sample-row.ts';
import { Feed, type FeedClient } from './feed.ts';
import { RowStore } from './row-store.ts';

type Options = Parameters<Client['events']>[0];

/** A server whose list the test changes, whose connection it breaks, and whose answers and frames it sends. */
function stage() {
  const server = { inFlight: 1, answers: [] as ((status: Status) => void)[] };
  let options: Options;
  let arrive: (frame: Frame) => void = () => undefined;
  const row = (status: Status) => sampleRow({ status, in_flight: server.inFlight });
  const client: FeedClient = {
    url: 'http://127.0.0.1:1',
    listInstances: () => Promise.resolve([row('running')]),
    getInstance: () => new Promise((resolve) => server.answers.push((status) => resolve(sampleInstance(row(status))))),
    getSystemAlerts: () => Promise.resolve([]),
    getSystemStatus: () => Promise.reject(new Error('of no concern')),
    events: (given) => {
      options = given;
      const frames = (async function* open(): AsyncGenerator<Frame, void, void> {
        for (;;) yield await new Promise<Frame>((resolve) => (arrive = resolve));
      })();
      return Object.assign(frames, { subscribe: () => undefined });
    },
  };
  const rows = new RowStore();
  const feed = new Feed(client, rows);
  feed.start();
  const status = (now: Status, before: Status): void =>
    arrive({
      type: 'instance_status_changed',
      timestamp: '2026-11-30T12:00:00Z',
      seq: 1,
      data: { name: 'chat', status: now, previous_status: before },
    });
  return { server, rows, feed, opened: () => options?.onOpen?.(), status };
}

it('a later connection brings the figures of the server that answers now', async () => {
  const { server, rows, feed, opened } = stage();
  opened();
  await expect.poll(() => rows.row('chat')?.in_flight).toBe(1);
  server.inFlight = 0;
  opened();
  await expect.poll(() => rows.row('chat')?.in_flight).toBe(0);
  feed.stop();
});

it('an answer that is older than a frame does not undo it', async () => {
  const { server, rows, feed, opened, status } = stage();
  opened();
  await expect.poll(() => rows.row('chat')?.status).toBe('running');
  status('starting', 'running');
  await expect.poll(() => server.answers.length).toBe(1);
  status('running', 'starting');
  await expect.poll(() => rows.row('chat')?.status).toBe('running');
  server.inFlight = 2;
  server.answers[0]?.('starting');
  await expect.poll(() => rows.row('chat')?.in_flight).toBe(2);
  expect(rows.row('chat')?.status).toBe('running');
  feed.stop();
});

it('a gap while the list is on its way leaves the feed alive', async () => {
  const { server, rows, feed, opened, status } = stage();
  opened();
  opened();
  await expect.poll(() => rows.row('chat')?.status).toBe('running');
  status('stopping', 'running');
  await expect.poll(() => server.answers.length).toBe(1);
  server.answers[0]?.('stopped');
  await expect.poll(() => rows.row('chat')?.status).toBe('stopped');
  feed.stop();
});
