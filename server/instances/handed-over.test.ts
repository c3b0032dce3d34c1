import { describe, expect, it } from 'vitest';
import { Domain } from '../testing/domain.ts';
import { Sealed } from './life/mailbox.ts';
import { Moved } from './use-cases.ts';

const noLease = (): Promise<never> => Promise.reject(new Error('no lease'));

/** Makes a call whose check of the model lasts until `go`. */
function slowly(domain: Domain, call: () => Promise<unknown>): { outcome: Promise<unknown>; go: () => void } {
  const look = Promise.withResolvers<void>();
  const { adapter } = domain;
  adapter.preflight = async () => {
    await look.promise;
    return null;
  };
  const outcome = call().catch((error: unknown) => error);
  return { outcome, go: look.resolve };
}

const create = ({ manager }: Domain): Promise<unknown> => manager.create({ name: 'b', model_path: '/m.gguf' });
const update = ({ manager }: Domain): Promise<unknown> =>
  manager.update('a', { options: { threads: 2 } }, { restart: true });

describe('a change whose check is under way when another server takes over', () => {
  it.each([
    ['a create', create],
    ['an update that restarts', update],
    ['a start', ({ manager }: Domain) => manager.start('a')],
    ['a restart', ({ manager }: Domain) => manager.restart('a')],
    ['a start-all', ({ manager }: Domain) => manager.startAll()],
  ])('%s changes nothing and reports that the instance is sealed', async (_what, call) => {
    const domain = new Domain();
    await (call === update ? domain.createRunning('a') : domain.create('a'));
    const { outcome, go } = slowly(domain, () => call(domain));
    await domain.settle();
    await domain.instances.handOver(noLease);
    const before = await domain.store.load();
    const { length } = domain.world.processes;
    go();
    await domain.settle();
    expect(await outcome).toBeInstanceOf(Sealed);
    expect(await domain.store.load()).toEqual(before);
    expect(domain.world.processes).toHaveLength(length);
  });

  it('a start-all that has begun with one instance is not repeated as a whole: the next server may have stopped that one since', async () => {
    const domain = new Domain();
    await domain.create('a');
    await domain.create('b');
    const look = Promise.withResolvers<null>();
    let looks = 0;
    domain.adapter.preflight = async () => ((looks += 1) === 1 ? null : look.promise);
    const outcome = domain.manager.startAll();
    await domain.settle();
    await domain.instances.handOver(noLease);
    look.resolve(null);
    expect(await outcome).toMatchObject([
      { name: 'a', status: 'starting' },
      { name: 'b', status: 'stopped', error: 'the instance belongs to another server now' },
    ]);
  });

  it.each([
    ['a start', ({ manager }: Domain) => manager.start('a')],
    ['a start-all', ({ manager }: Domain) => manager.startAll()],
  ])('%s is not refused because of the slots of the old server', async (_what, call) => {
    const domain = new Domain(undefined, { settings: { max_running: 1 } });
    await domain.createRunning('b', { pinned: true });
    await domain.create('a');
    const { outcome, go } = slowly(domain, () => call(domain));
    await domain.settle();
    await domain.instances.handOver(noLease);
    go();
    expect(await outcome).toBeInstanceOf(Sealed);
  });

  it.each([
    ['a start', ({ manager }: Domain) => manager.start('a')],
    ['a restart', ({ manager }: Domain) => manager.restart('a')],
  ])('%s is not refused because of the engine that the next server has started', async (_what, call) => {
    const domain = new Domain();
    await domain.create('a', { port: 8_150 });
    const { outcome, go } = slowly(domain, () => call(domain));
    await domain.settle();
    await domain.instances.handOver(noLease);
    domain.world.foreignPorts.set(8_150, { pid: 7, description: 'llama-server' });
    go();
    await domain.settle();
    expect(await outcome).toBeInstanceOf(Sealed);
    expect(domain.alerts.list()).toEqual([]);
  });

  it('an apply that the next server repeats is not written here, however late the hand-over comes', async () => {
    const domain = new Domain();
    const moved = new AbortController();
    const fleet = { version: 1 as const, instances: [{ name: 'b', model_path: '/m.gguf' }] };
    const { outcome, go } = slowly(domain, () =>
      domain.instances.fleet.apply(fleet, { prune: false, dryRun: false, signal: moved.signal }),
    );
    await domain.settle();
    moved.abort(new Moved());
    expect(await outcome).toBeInstanceOf(Moved);
    go();
    await domain.settle();
    expect(await domain.store.load()).toEqual([]);
    expect(domain.faults).toEqual([]);
  });

  it('an apply that prunes removes nothing here, so that the next server reports all removals', async () => {
    const domain = new Domain();
    const busy = await domain.createRunning('busy');
    domain.world.process(busy).endsBy = 'SIGKILL';
    await domain.create('idle');
    const moved = new AbortController();
    const apply = (at: Domain, signal?: AbortSignal): Promise<unknown> =>
      at.instances.fleet.apply({ version: 1, instances: [] }, { prune: true, dryRun: false, signal });
    const applied = apply(domain, moved.signal);
    await domain.settle();
    moved.abort(new Moved());
    await expect(applied).rejects.toBeInstanceOf(Moved);
    await domain.instances.handOver(noLease);
    const next = await domain.crash();
    const again = apply(next);
    await next.pass(60_000);
    expect(await again).toMatchObject({
      results: [
        { name: 'busy', action: 'remove' },
        { name: 'idle', action: 'remove' },
      ],
    });
    expect(next.manager.list()).toEqual([]);
  });

  it('an apply is not written here', async () => {
    const domain = new Domain();
    const entry = { name: 'b', model_path: '/m.gguf' };
    const { outcome, go } = slowly(domain, () =>
      domain.instances.fleet.apply({ version: 1, instances: [entry] }, { prune: false, dryRun: false }),
    );
    await domain.settle();
    await domain.instances.handOver(noLease);
    go();
    await domain.settle();
    expect(await outcome).toBeInstanceOf(Sealed);
    expect(await domain.store.load()).toEqual([]);
  });
});

/** Resolves when the check is over and the change is being stored. */
async function untilWritten({ manager }: Domain): Promise<void> {
  while (manager.get('a').options['threads'] !== 2) await Promise.resolve();
}

describe('a change of several steps that is being written during a hand-over', () => {
  it('is stored completely: the written settings and the restart', async () => {
    const domain = new Domain();
    await domain.createRunning('a');
    const updated = update(domain);
    await untilWritten(domain);
    await Promise.all([domain.instances.handOver(noLease), domain.settle()]);
    await updated;
    const [stored] = await domain.store.load();
    expect([stored?.record.settings.options, stored?.state.status]).toEqual([{ threads: 2 }, 'restarting']);
  });

  it('does not wait for erasing the files of removed instances', async () => {
    const domain = new Domain();
    await domain.create('a');
    domain.supervisor.discard = () => new Promise(() => undefined);
    const moved = new AbortController();
    const applied = domain.instances.fleet.apply(
      { version: 1, instances: [{ name: 'b', model_path: '/m.gguf' }] },
      { prune: true, dryRun: false, signal: moved.signal },
    );
    await domain.settle();
    moved.abort(new Moved());
    await Promise.all([domain.instances.handOver(noLease), domain.settle()]);
    expect((await applied).results).toMatchObject([
      { name: 'b', action: 'create' },
      { name: 'a', action: 'remove' },
    ]);
    expect((await domain.store.load()).map(({ record }) => record.name)).toEqual(['b']);
  });

  it('is stored completely for an apply, and its caller gets the result here', async () => {
    const domain = new Domain();
    await domain.createRunning('a');
    const moved = new AbortController();
    const instances = [{ name: 'a', model_path: '/m.gguf', options: { threads: 2 } }];
    const applied = domain.instances.fleet.apply(
      { version: 1, instances },
      { prune: false, dryRun: false, signal: moved.signal },
    );
    await untilWritten(domain);
    moved.abort(new Error('another server goes on with it'));
    await Promise.all([domain.instances.handOver(noLease), domain.settle()]);
    expect((await applied).results).toMatchObject([{ name: 'a', action: 'restart' }]);
    const [stored] = await domain.store.load();
    expect(stored?.state.status).toBe('restarting');
  });
});
