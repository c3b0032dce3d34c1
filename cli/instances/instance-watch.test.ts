import { Client, ConnectionError, type Frame, type InstanceSummary } from '@llamactl/client';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { EventServer } from '@llamactl/server/testing/event-server';
import { InstanceList } from './instance-list.ts';
import { watchInstances, type WatchSession } from './instance-watch.ts';

let server: EventServer;
let list: InstanceList;
let ending: AbortController;
let watched: Promise<unknown>;
let frames: Frame[];
const onRead = vi.fn<() => void>();

beforeEach(async () => {
  server = await EventServer.open();
  await server.add('a');
  list = new InstanceList();
  ending = new AbortController();
  frames = [];
  onRead.mockClear();
});

afterEach(async () => {
  ending.abort();
  await watched;
  await server.goAway();
});

/** Begins to watch. @param listInstances Replaces the server's list. */
async function watch(listInstances?: () => Promise<InstanceSummary[]>): Promise<void> {
  const client = new Client(server.url);
  const session: WatchSession = {
    client: {
      events: (options) => client.events(options),
      listInstances: listInstances ?? ((options) => client.listInstances(options)),
    },
    signal: ending.signal,
  };
  watched = watchInstances(session, list, {
    types: ['instance_status_changed', 'instance_created', 'instance_deleted'],
    onFrame: (frame) => void frames.push(frame),
    onRead,
    onInterruption: () => undefined,
    onOpen: () => undefined,
  }).catch((error: unknown) => error);
  await server.joined;
}

describe('watching instances', () => {
  it('reads the list once the event stream is open', async () => {
    await watch();
    await vi.waitFor(() => expect(list.get('a')?.status).toBe('stopped'));
    server.changeStatus('a', 'running');
    await vi.waitFor(() => expect(list.get('a')?.status).toBe('running'));
    expect(onRead).toHaveBeenCalledTimes(1);
  });

  it('applies events that arrive while the list is read, because the list may be older', async () => {
    const answer = Promise.withResolvers<InstanceSummary[]>();
    const old = server.manager.list();
    await watch(() => answer.promise);
    server.changeStatus('a', 'starting');
    await vi.waitFor(() => expect(frames).toHaveLength(1));
    answer.resolve(old);
    await vi.waitFor(() => expect(onRead).toHaveBeenCalled());
    expect(list.get('a')?.status).toBe('starting');
  });

  it('reads the list once for many new instances', async () => {
    await watch();
    await vi.waitFor(() => expect(onRead).toHaveBeenCalledTimes(1));
    for (const name of ['b', 'c', 'd']) {
      await server.add(name);
      server.tell({ type: 'instance_created', data: { name } });
    }
    await vi.waitFor(() => expect(list.all.map(({ name }) => name)).toEqual(['a', 'b', 'c', 'd']), { timeout: 10_000 });
    expect(onRead).toHaveBeenCalledTimes(2);
  });

  it('retries a list that timed out', async () => {
    const late = new ConnectionError('no answer', { url: server.url });
    const answers = [() => Promise.reject(late), async () => server.manager.list()];
    await watch(async () => (answers.shift() ?? (async () => []))());
    await vi.waitFor(() => expect(list.get('a')?.status).toBe('stopped'), { timeout: 10_000 });
    expect(onRead).toHaveBeenCalledTimes(1);
  });

  it('ends with an error that prevents reading the list', async () => {
    await watch(async () => {
      throw new Error('forbidden');
    });
    expect(await watched).toMatchObject({ message: 'forbidden' });
  });

  it('ends with the reason of its signal', async () => {
    await watch();
    ending.abort(new Error('enough'));
    expect(await watched).toMatchObject({ message: 'enough' });
  });
});
