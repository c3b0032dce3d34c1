import type { Client, Frame } from '@llamactl/client';
import { expect, it } from 'vitest';
import { sampleRow } from '../../testing/sample-row.ts';
import { Feed, type FeedClient } from './feed.ts';
import { RowStore } from './row-store.ts';

type Options = Parameters<Client['events']>[0];

/** A server whose list the test changes, and whose connection it breaks. */
function stage() {
  const server = { inFlight: 1 };
  let options: Options;
  const client: FeedClient = {
    url: 'http://127.0.0.1:1',
    listInstances: () => Promise.resolve([sampleRow({ status: 'running', in_flight: server.inFlight })]),
    getInstance: () => Promise.reject(new Error('not asked')),
    getSystemAlerts: () => Promise.resolve([]),
    getSystemStatus: () => Promise.reject(new Error('of no concern')),
    events: (given) => {
      options = given;
      // oxlint-disable-next-line require-yield -- the connection never ends by itself
      const frames = (async function* open(): AsyncGenerator<Frame, void, void> {
        await new Promise((resolve) => given?.signal?.addEventListener('abort', resolve));
      })();
      return Object.assign(frames, { subscribe: () => undefined });
    },
  };
  const rows = new RowStore();
  const feed = new Feed(client, rows);
  feed.start();
  return { server, rows, feed, opened: () => options?.onOpen?.() };
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
