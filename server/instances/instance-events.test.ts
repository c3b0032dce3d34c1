import { describe, expect, it } from 'vitest';
import { Domain } from '../testing/domain.ts';

/** The stored events, as `type status`. */
const stored = ({ store }: Domain): string[] =>
  store.events.map(({ event: { type, data } }) => `${type} ${'status' in data ? data.status : ''}`.trim());

/** The changes of status, as `name status` with the trigger. */
const triggers = ({ events: { events } }: Domain, from = 0): unknown[] =>
  events
    .slice(from)
    .flatMap(({ type, data }) =>
      type === 'instance_status_changed' ? [[`${data.name} ${data.status}`, data.trigger]] : [],
    );

describe('the events of instances', () => {
  it('are stored in the order in which they are sent, under the id of the instance', async () => {
    const domain = new Domain();
    const id = await domain.createRunning();
    await domain.manager.update('a', { options: { threads: 2 } }, { restart: false });
    await domain.manager.stop('a');
    await domain.settle();
    await domain.manager.remove('a');
    await domain.settle();
    expect(domain.store.events.map(({ event }) => event)).toEqual(domain.events.events);
    expect(new Set(domain.store.events.map(({ instance }) => instance))).toEqual(new Set([id]));
    expect(stored(domain)).toEqual([
      'instance_created',
      'instance_status_changed starting',
      'instance_status_changed running',
      'instance_updated',
      'instance_status_changed stopping',
      'instance_status_changed stopped',
      'instance_deleted',
    ]);
  });

  it('name the author of a change of settings, the settings, and only harmless values', async () => {
    const domain = new Domain();
    const { manager } = domain;
    await manager.create({ name: 'a', model_path: '/m.gguf' }, 'user:ada');
    const options = { restart: false, by: 'user:bob' };
    await manager.update('a', { options: { threads: 2 }, environment: { TOKEN: 'secret' }, port: 9_000 }, options);
    await manager.rename('a', 'b', 'user:eve');
    await manager.remove('b', { by: 'key:1 (ci)' });
    const fleet = { instances: [{ name: 'c', model_path: '/m.gguf' }] };
    await domain.instances.fleet.apply(fleet, { prune: true, dryRun: false, by: 'user:ada' });
    const changed = { instances: [{ name: 'c', model_path: '/n.gguf' }] };
    await domain.instances.fleet.apply(changed, { prune: true, dryRun: false, by: 'user:bob' });
    await domain.instances.fleet.apply({ instances: [] }, { prune: true, dryRun: false, by: 'user:eve' });
    await domain.settle();
    expect(domain.events.events).toEqual([
      { type: 'instance_created', data: { name: 'a', caller: 'user:ada' } },
      {
        type: 'instance_updated',
        data: {
          name: 'a',
          caller: 'user:bob',
          changed: ['port', 'options.threads', 'environment.TOKEN'],
          values: [
            { setting: 'port', from: 8_100, to: 9_000 },
            { setting: 'options.threads', from: null, to: 2 },
          ],
        },
      },
      { type: 'instance_updated', data: { name: 'b', previous_name: 'a', caller: 'user:eve' } },
      { type: 'instance_deleted', data: { name: 'b', caller: 'key:1 (ci)' } },
      { type: 'instance_created', data: { name: 'c', caller: 'user:ada' } },
      {
        type: 'instance_updated',
        data: {
          name: 'c',
          caller: 'user:bob',
          changed: ['model_path'],
          values: [{ setting: 'model_path', from: '/m.gguf', to: '/n.gguf' }],
        },
      },
      { type: 'instance_deleted', data: { name: 'c', caller: 'user:eve' } },
    ]);
  });

  it('have the cause and reason of an eviction and an idle stop', async () => {
    const domain = new Domain(undefined, { settings: { max_running: 1 } });
    await domain.createRunning('a');
    await domain.createRunning('b', { idle_timeout: 60 });
    await domain.pass(60_000);
    await domain.createRunning('c');
    await domain.manager.stop('c');
    await domain.settle();
    const stops = domain.events.events.flatMap(({ type, data }) =>
      type === 'instance_status_changed' && data.status === 'stopping' ? [[data.name, data.cause, data.reason]] : [],
    );
    expect(stops).toEqual([
      ['a', 'eviction', 'it was evicted: another instance needed its slot or memory'],
      ['b', 'idle', 'idle for 60 s (idle_timeout)'],
      ['c', undefined, undefined],
    ]);
    const next = await domain.crash();
    expect(['a', 'b', 'c'].map((name) => next.manager.get(name).last_exit?.reason)).toEqual([
      'it was evicted: another instance needed its slot or memory',
      'idle for 60 s (idle_timeout)',
      'stopped as asked',
    ]);
  });

  it('name the caller, the request, the other instance or the policy that caused them', async () => {
    const domain = new Domain(undefined, { settings: { max_running: 1 } });
    const id = await domain.create('a', { on_demand: true });
    await domain.create('b', { idle_timeout: 60 });
    const asked = domain.manager.acquire({
      instance: 'a',
      caller: 'user:1',
      subject: 'user:ada',
      requestId: 'r1',
      mayStart: true,
      signal: new AbortController().signal,
    });
    await domain.settle();
    (await asked).release();
    await domain.pass(60_000);
    await domain.manager.start('b', { by: 'user:otto' });
    await domain.settle();
    await domain.pass(60_000);
    await domain.manager.startAll(['a'], 'key:1 (ci)');
    await domain.settle();
    await domain.manager.update('a', { options: { threads: 2 } }, { restart: true, by: 'user:eva' });
    await domain.settle();
    domain.world.exit(id, 1, domain.clock.now());
    await domain.settle();
    await domain.manager.stop('a', { by: 'user:otto' });
    await domain.settle();
    const demand = { kind: 'demand', caller: 'user:ada', request_id: 'r1' };
    const otto = { kind: 'command', caller: 'user:otto' };
    const all = { kind: 'command', caller: 'key:1 (ci)' };
    const update = { kind: 'update', caller: 'user:eva' };
    expect(triggers(domain)).toEqual([
      ['a starting', demand],
      ['a running', demand],
      ['b starting', otto],
      ['a stopping', { kind: 'eviction', needed_by: 'b' }],
      ['a stopped', { kind: 'eviction', needed_by: 'b' }],
      ['b running', otto],
      ['b stopping', { kind: 'idle' }],
      ['b stopped', { kind: 'idle' }],
      ['a starting', all],
      ['a running', all],
      ['a restarting', update],
      ['a starting', update],
      ['a running', update],
      ['a restarting', { kind: 'restart_policy' }],
      ['a stopped', otto],
    ]);
  });

  it('say that the restart policy started an instance', async () => {
    const domain = new Domain();
    const id = await domain.createRunning('a');
    const { length } = domain.events.events;
    domain.world.exit(id, 1, domain.clock.now());
    await domain.settle();
    await domain.pass(60_000);
    await domain.settle();
    expect(triggers(domain, length)).toEqual([
      ['a restarting', { kind: 'restart_policy' }],
      ['a starting', { kind: 'restart_policy' }],
      ['a running', { kind: 'restart_policy' }],
    ]);
  });

  it('are neither stored nor sent when the change could not be stored', async () => {
    const domain = new Domain();
    await domain.create('b');
    const { length } = domain.events.events;
    domain.store.failure = new Error('disk full');
    await expect(domain.create('a')).rejects.toThrow('full');
    await expect(domain.manager.update('b', { options: { threads: 2 } }, { restart: false })).rejects.toThrow('full');
    await expect(domain.manager.remove('b')).rejects.toThrow('full');
    domain.store.failure = null;
    await domain.pass(60_000);
    const types = domain.events.events.slice(length).map(({ type }) => type);
    expect(types.filter((type) => type !== 'system_alert')).toEqual([]);
    expect(stored(domain).filter((event) => !event.startsWith('system_alert'))).toEqual(['instance_created']);
  });

  it('have higher numbers after a crash', async () => {
    const domain = new Domain();
    await domain.createRunning();
    const before = domain.store.events;
    const next = await domain.crash();
    await next.manager.stop('a');
    await next.settle();
    const after = domain.store.events;
    expect(after.slice(0, before.length)).toEqual(before);
    expect(after.map(({ seq }) => seq)).toEqual(after.map(({ seq }) => seq).toSorted((one, other) => one - other));
    expect(stored(next).slice(before.length)).toEqual([
      'instance_status_changed stopping',
      'instance_status_changed stopped',
    ]);
  });
});
