import { describe, expect, it } from 'vitest';
import { Domain } from '../testing/domain.ts';
import { Sealed } from './life/mailbox.ts';
import type { Lease } from './slots/leases.ts';

const code = (expected: string): unknown => expect.objectContaining({ code: expected });

/** Brings a running instance into a status. */
const INTO: Readonly<Record<string, (domain: Domain) => Promise<unknown>>> = {
  running: async () => undefined,
  stopped: ({ manager }) => manager.stop('a'),
  stopping: async (domain) => {
    await domain.acquire();
    await domain.manager.stop('a');
  },
  starting: async (domain) => {
    domain.world.defaults.isReady = false;
    await domain.manager.restart('a');
  },
  restarting: async ({ world, clock }) => world.exit(world.alive()[0]?.run ?? '', 1, clock.now()),
};

describe('rename', () => {
  it.each(Object.keys(INTO))('gives an instance that is %s another name and nothing else', async (status) => {
    const domain = new Domain();
    const { manager, store } = domain;
    const id = await domain.createRunning('a', { options: { threads: 2 } });
    await INTO[status]?.(domain);
    await domain.settle();
    const before = manager.get('a');
    const [row] = await store.load();
    const processes = domain.world.alive(id);
    const { instance, entityTag, changes } = await manager.rename('a', 'b');
    expect(changes).toEqual([{ path: 'name', before: 'a', after: 'b' }]);
    expect(before.status).toBe(status);
    expect(instance).toEqual({
      ...before,
      name: 'b',
      updated_at: instance.updated_at,
      effective_command: instance.effective_command,
      restart_required: instance.restart_required,
    });
    expect(entityTag).not.toBe(`"${id}-1"`);
    expect(await store.load()).toEqual([
      { ...row, record: { ...row?.record, name: 'b', version: 2, updatedAt: instance.updated_at } },
    ]);
    expect(domain.world.alive(id)).toEqual(processes);
    expect(() => manager.get('a')).toThrow(expect.objectContaining({ code: 'INSTANCE_NOT_FOUND' }));
  });

  it('reports both names in its event, which is stored with the new name', async () => {
    const domain = new Domain();
    const id = await domain.create('a');
    await domain.manager.rename('a', 'b');
    expect(domain.store.events.at(-1)).toMatchObject({
      instance: id,
      event: { type: 'instance_updated', data: { name: 'b', previous_name: 'a' } },
    });
  });

  it.each([
    ['a name', 'B', 'INSTANCE_EXISTS'],
    ['an alias', 'chat', 'ALIAS_CONFLICT'],
  ])('refuses %s of another instance', async (_what, name, expected) => {
    const domain = new Domain();
    await domain.create('a');
    await domain.create('b', { aliases: ['chat'] });
    await expect(domain.manager.rename('a', name)).rejects.toEqual(code(expected));
    expect(domain.manager.list().map((each) => each.name)).toEqual(['a', 'b']);
  });

  it('may change the case of a name, or take an alias of the instance itself', async () => {
    const domain = new Domain();
    await domain.create('a', { aliases: ['chat'] });
    await domain.manager.rename('a', 'A');
    expect(domain.manager.get('a').name).toBe('A');
    await domain.manager.rename('A', 'chat');
    expect(domain.manager.get('CHAT').name).toBe('chat');
  });

  it('to its own name does nothing', async () => {
    const domain = new Domain();
    await domain.create('a');
    const tag = domain.manager.entityTag('a');
    expect((await domain.manager.rename('a', 'a')).entityTag).toBe(tag);
  });

  it('frees the old name', async () => {
    const domain = new Domain();
    await domain.create('a');
    await domain.manager.rename('a', 'b');
    await domain.create('a');
    expect(domain.manager.list().map(({ name }) => name)).toEqual(['b', 'a']);
  });

  it('holds both names until it is stored, and keeps the old one if it cannot be stored', async () => {
    const domain = new Domain();
    await domain.create('a');
    domain.store.failure = new Error('disk full');
    const renamed = domain.manager.rename('a', 'b').catch((error: unknown) => error);
    await expect(domain.create('a')).rejects.toEqual(code('INSTANCE_EXISTS'));
    await expect(domain.create('b')).rejects.toEqual(code('INSTANCE_EXISTS'));
    expect(await renamed).toEqual(code('INTERNAL_ERROR'));
    domain.store.failure = null;
    await domain.create('b');
    expect(domain.manager.list().map(({ name }) => name)).toEqual(['a', 'b']);
    expect(domain.manager.get('a').name).toBe('a');
  });

  it('finds no instance any more when another rename came first', async () => {
    const domain = new Domain();
    await domain.create('a');
    const outcomes = await Promise.allSettled([domain.manager.rename('a', 'b'), domain.manager.rename('a', 'c')]);
    expect(outcomes).toMatchObject([{ status: 'fulfilled' }, { reason: code('INSTANCE_NOT_FOUND') }]);
    expect(domain.manager.list().map(({ name }) => name)).toEqual(['b']);
  });

  it('lets an update that was being checked change the renamed instance', async () => {
    const domain = new Domain();
    await domain.create('a');
    const updated = domain.manager.update('a', { options: { threads: 2 } }, { restart: false });
    await domain.manager.rename('a', 'b');
    expect((await updated).instance).toMatchObject({ name: 'b', options: { threads: 2 } });
  });

  it('is known to the next server, which adopts the engine', async () => {
    const domain = new Domain();
    const id = await domain.createRunning('a');
    await domain.manager.rename('a', 'b');
    const next = await domain.crash();
    expect(next.status('b')).toBe('running');
    expect(next.world.alive(id)).toHaveLength(1);
  });

  it('changes nothing after a hand-over', async () => {
    const domain = new Domain();
    await domain.create('a');
    await domain.instances.handOver(() => Promise.reject(new Error('no lease')));
    await expect(domain.manager.rename('a', 'b')).rejects.toBeInstanceOf(Sealed);
    expect((await domain.store.load()).map(({ record }) => record.name)).toEqual(['a']);
  });
});

describe('a request for a renamed instance', () => {
  it('that waits for its start gets its lease', async () => {
    const domain = new Domain();
    const id = await domain.create('a');
    domain.world.defaults.isReady = false;
    const lease = domain.acquire('a');
    await domain.settle();
    await domain.manager.rename('a', 'b');
    domain.world.ready(id);
    await domain.pass(1_000);
    expect((await lease).instance).toBe('b');
  });

  it('that waits while another server takes over asks it for the new name', async () => {
    const domain = new Domain();
    await domain.create('a');
    domain.world.defaults.isReady = false;
    const lease = domain.acquire('a').catch((error: unknown) => error);
    await domain.settle();
    await domain.manager.rename('a', 'b');
    const asked: string[] = [];
    await domain.instances.handOver(async ({ instance }) => {
      asked.push(instance);
      throw new Error('no lease');
    });
    await lease;
    expect(asked).toEqual(['b']);
  });

  it.each(['before', 'after'])('gets a second attempt at that instance %s its old name is used again', async (when) => {
    const domain = new Domain();
    const id = await domain.createRunning('a');
    const first: Lease = await domain.acquire('a');
    await domain.manager.rename('a', 'b');
    if (when === 'after') await domain.create('a');
    domain.world.exit(id, 139, domain.clock.now());
    first.release();
    const second = domain.acquire('a', { after: first.origin ?? undefined });
    await domain.pass(2_000);
    expect((await second).instance).toBe('b');
  });
});
