import { ApiError } from '@llamactl/contract/errors';
import { beforeEach, describe, expect, it } from 'vitest';
import { Domain } from '../testing/domain.ts';
import { scopedManager } from './scoped-manager.ts';
import { OutOfScope } from './slots/leases.ts';
import type { InstanceManager } from './use-cases.ts';

let domain: Domain;
let manager: InstanceManager;

const only = (name: string, mayStart = true): InstanceManager => {
  const id = manager.idOf(name);
  return scopedManager(manager, { maySee: (each) => each === id, mayStart });
};

/** The code of the error that a call throws or rejects with. */
async function refusal(call: () => unknown): Promise<string> {
  try {
    await call();
    return 'not refused';
  } catch (error) {
    if (error instanceof ApiError) return error.code;
    throw error;
  }
}

/** All methods that take a name. */
const BY_NAME: Record<string, (scoped: InstanceManager, name: string) => unknown> = {
  get: (scoped, name) => scoped.get(name),
  entityTag: (scoped, name) => scoped.entityTag(name),
  update: (scoped, name) => scoped.update(name, {}, { restart: false }),
  remove: (scoped, name) => scoped.remove(name),
  start: (scoped, name) => scoped.start(name),
  stop: (scoped, name) => scoped.stop(name),
  restart: (scoped, name) => scoped.restart(name),
  health: (scoped, name) => scoped.health(name),
  triedChanges: (scoped, name) => scoped.triedChanges(name),
  logs: (scoped, name) => scoped.logs(name, { lines: 1, level: null, afterSeq: null }),
  followLogs: (scoped, name) =>
    scoped.followLogs(name, { lines: 1, level: null, afterSeq: null }, new AbortController().signal),
  acquire: (scoped, name) =>
    scoped.acquire({ instance: name, caller: 'test', mayStart: true, signal: new AbortController().signal }),
};

beforeEach(async () => {
  domain = new Domain();
  ({ manager } = domain);
  await domain.create('seen', { aliases: ['chat'] });
  await domain.create('hidden', { aliases: ['other/chat'] });
});

describe('a request for an instance out of scope', () => {
  it('gets the answer of a missing instance; the reason has the scope, for its record', async () => {
    const errorOf = async (name: string): Promise<unknown> => {
      try {
        return await BY_NAME['acquire']?.(only('seen'), name);
      } catch (error) {
        return error;
      }
    };
    const [hidden, missing] = [await errorOf('hidden'), await errorOf('missing')];
    expect(hidden).toMatchObject({ message: expect.stringContaining('There is no instance "hidden"') as string });
    expect(hidden).toMatchObject({
      cause: new OutOfScope(['seen']),
    });
    expect(missing).toBeInstanceOf(ApiError);
    expect(missing).not.toHaveProperty('cause');
  });
});

describe('an instance that waits for another', () => {
  it('names it only if the caller may see it', async () => {
    domain = new Domain(undefined, { settings: { max_running: 1 } });
    ({ manager } = domain);
    for (const name of ['hidden', 'seen']) await domain.create(name);
    const busy = domain.acquire('hidden');
    await domain.settle();
    await manager.start('seen');
    await domain.settle();
    const scoped = only('seen');
    expect([scoped.get('seen').waits_for, scoped.list()[0]?.waits_for]).toEqual([
      ['another instance'],
      ['another instance'],
    ]);
    expect(manager.get('seen').waits_for).toEqual(['hidden']);
    (await busy).release();
  });
});

describe('an instance out of scope', () => {
  it.each(Object.entries(BY_NAME))('is not found by %s', async (_what, call) => {
    const scoped = only('seen');
    const hidden = await refusal(() => call(scoped, 'HIDDEN'));
    expect([hidden, await refusal(() => call(scoped, 'missing'))]).toEqual([
      'INSTANCE_NOT_FOUND',
      'INSTANCE_NOT_FOUND',
    ]);
    expect(manager.list().map(({ status }) => status)).toEqual(['stopped', 'stopped']);
  });

  it('gets the same error message as a missing instance', async () => {
    const scoped = only('seen');
    const messageOf = (name: string): unknown => {
      try {
        return scoped.get(name);
      } catch (error) {
        return (error as Error).message.replace(name, 'NAME');
      }
    };
    expect(messageOf('hidden')).toBe(messageOf('missing'));
  });

  it('has no id, and its id has no name', () => {
    const scoped = only('seen');
    const hidden = manager.idOf('hidden') ?? '';
    expect([scoped.idOf('hidden'), scoped.idOf('other/chat'), scoped.nameOf(hidden)]).toEqual([null, null, null]);
    expect(scoped.nameOf(scoped.idOf('chat') ?? '')).toBe('seen');
  });

  it('cannot be leased by its alias', async () => {
    await manager.start('hidden', { wait: false });
    await domain.settle();
    const call = BY_NAME['acquire'];
    expect(await refusal(() => call?.(only('seen'), 'other/chat'))).toBe('INSTANCE_NOT_FOUND');
  });

  it('is in no list', async () => {
    await manager.startAll();
    await domain.settle();
    const names = (scoped: InstanceManager): string[][] => [
      scoped.list().map(({ name }) => name),
      scoped.liveRuns().map(({ name }) => name),
    ];
    expect(names(only('seen'))).toEqual([['seen'], ['seen']]);
    expect(names(manager)).toEqual([
      ['seen', 'hidden'],
      ['seen', 'hidden'],
    ]);
  });

  it('is not started or stopped by start-all and stop-all, with or without names', async () => {
    const scoped = only('seen');
    expect(await scoped.startAll()).toEqual([{ name: 'seen', status: 'starting' }]);
    expect(await scoped.startAll(['hidden', 'seen', 'missing'])).toMatchObject([
      { name: 'hidden', status: null, error: expect.stringContaining('no instance "hidden"') as string },
      { name: 'seen', status: 'starting' },
      { name: 'missing', status: null, error: expect.stringContaining('no instance "missing"') as string },
    ]);
    expect(manager.get('hidden').status).toBe('stopped');
    await manager.start('hidden');
    expect((await scoped.stopAll()).map(({ name }) => name)).toEqual(['seen']);
    expect((await scoped.stopAll(['hidden'])).map(({ status }) => status)).toEqual([null]);
    await domain.settle();
    expect(manager.get('hidden').status).not.toBe('stopped');
  });
});

describe('an instance out of scope', () => {
  it('is neither restarted nor deleted by name', async () => {
    const scoped = only('seen');
    const missing = { name: 'hidden', status: null, error: expect.stringContaining('no instance "hidden"') as string };
    expect(await scoped.restartAll(['hidden'])).toMatchObject([missing]);
    expect(await scoped.removeAll(['hidden', 'seen'])).toMatchObject([missing, { name: 'seen', status: null }]);
    expect(manager.list().map(({ name, status }) => [name, status])).toEqual([['hidden', 'stopped']]);
  });
});

describe('with all instances in scope', () => {
  it('start-all and stop-all act on the same statuses as the manager', async () => {
    const scoped = scopedManager(manager, { maySee: () => true, mayStart: true });
    await manager.start('seen');
    expect((await scoped.startAll()).map(({ name }) => name)).toEqual(['hidden']);
    expect((await scoped.startAll()).map(({ name }) => name)).toEqual([]);
    await domain.settle();
    expect((await scoped.stopAll()).map(({ name }) => name)).toEqual(['seen', 'hidden']);
  });
});

describe('a caller that may not start instances', () => {
  it.each<[string, (scoped: InstanceManager) => unknown]>([
    ['start', (scoped) => scoped.start('seen')],
    ['restart', (scoped) => scoped.restart('seen')],
    ['restart with a change', (scoped) => scoped.update('seen', {}, { restart: true })],
    ['start-all', (scoped) => scoped.startAll()],
    ['start-all by name', (scoped) => scoped.startAll(['seen'])],
    ['restart-all', (scoped) => scoped.restartAll(['seen'])],
  ])('is refused %s', async (_what, call) => {
    expect(await refusal(() => call(only('seen', false)))).toBe('FORBIDDEN');
    expect(manager.get('seen').status).toBe('stopped');
  });

  it('starts nothing by requesting a lease', async () => {
    const lease = (scoped: InstanceManager): unknown => BY_NAME['acquire']?.(scoped, 'seen');
    expect(await refusal(() => lease(only('seen', false)))).toBe('INSTANCE_NOT_RUNNING');
    expect(manager.get('seen').status).toBe('stopped');
    await manager.start('seen');
    await domain.settle();
    expect(await refusal(() => lease(only('seen', false)))).toBe('not refused');
  });

  it('gets not-found for an instance out of scope', async () => {
    expect(await refusal(() => only('seen', false).start('hidden'))).toBe('INSTANCE_NOT_FOUND');
  });

  it('may stop and update instances', async () => {
    await manager.start('seen');
    expect(await refusal(() => only('seen', false).stop('seen'))).toBe('not refused');
    expect(await refusal(() => only('seen', false).update('seen', {}, { restart: false }))).toBe('not refused');
  });
});

describe('ids', () => {
  it('are found by name ignoring case and by exact alias, and end with the instance', async () => {
    const id = manager.idOf('SEEN');
    expect([manager.idOf('chat'), manager.idOf('CHAT'), manager.idOf('missing')]).toEqual([id, null, null]);
    expect(manager.nameOf(id ?? '')).toBe('seen');
    await manager.remove('seen');
    expect([manager.idOf('seen'), manager.nameOf(id ?? '')]).toEqual([null, null]);
    await domain.create('seen');
    expect(manager.idOf('seen')).not.toBe(id);
  });
});
