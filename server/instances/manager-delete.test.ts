import { describe, expect, it } from 'vitest';
import { Domain } from '../testing/domain.ts';
import { Moved } from './use-cases.ts';

/** The error of a call that is answered later. */
const refusal = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => 'not refused',
    (error: unknown) => error,
  );

const code = (expected: string): unknown => expect.objectContaining({ code: expected });

/** The end of an instance. */

/** Holds back the erasing of deleted instances' files until `resolve`. */
function holdErasing({ supervisor }: Domain): { folders: string[]; resolve: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  const folders: string[] = [];
  supervisor.discard = (folder) => {
    folders.push(folder);
    return promise;
  };
  return { folders, resolve };
}

describe('delete', () => {
  it('frees the name and the port and removes the files', async () => {
    const domain = new Domain();
    const id = await domain.create('a', { port: 9_000 });
    await domain.manager.remove('a');
    expect(() => domain.manager.get('a')).toThrow(/no instance "a"/);
    expect(domain.supervisor.discarded).toEqual([`/data/instances/${id}`]);
    expect(await domain.store.load()).toEqual([]);
    await domain.create('a', { port: 9_000 });
  });

  it('is refused while the engine runs, naming the process', async () => {
    const domain = new Domain();
    const id = await domain.createRunning();
    const { pid } = domain.world.process(id).identity;
    await expect(domain.manager.remove('a')).rejects.toThrow(`a is running (process ${pid}); stop it first.`);
  });

  it('right after a stop waits for its end', async () => {
    const domain = new Domain();
    await domain.createRunning();
    const lease = await domain.acquire();
    await domain.manager.stop('a');
    const removed = domain.manager.remove('a');
    await domain.settle();
    expect(domain.manager.list()).toHaveLength(1);
    lease.release();
    await domain.settle();
    await removed;
    expect(domain.manager.list()).toEqual([]);
  });

  it('waits no longer than the timeout of the stop plus ten seconds', async () => {
    const domain = new Domain();
    const id = await domain.createRunning();
    domain.world.process(id).endsBy = 'nothing';
    await domain.manager.stop('a', { timeout: 5 });
    const refused = refusal(domain.manager.remove('a'));
    await domain.pass(15_001);
    expect(await refused).toMatchObject({
      message: expect.stringMatching(/still stopping: process \d+ has not ended/) as unknown,
    });
  });

  it('does not wait for a drain that force cut short', async () => {
    const domain = new Domain();
    const id = await domain.createRunning();
    domain.world.process(id).endsBy = 'nothing';
    await domain.manager.stop('a', { timeout: 600 });
    await domain.manager.stop('a', { force: true });
    const refused = refusal(domain.manager.remove('a'));
    await domain.pass(10_001);
    expect(await refused).toEqual(code('INSTANCE_RUNNING'));
  });

  it('is refused when a start arrives meanwhile', async () => {
    const domain = new Domain();
    await domain.createRunning();
    await domain.acquire();
    await domain.manager.stop('a');
    const refused = refusal(domain.manager.remove('a'));
    await domain.manager.start('a');
    await domain.settle();
    expect(await refused).toEqual(code('INSTANCE_RUNNING'));
  });

  it('succeeds for all parallel callers', async () => {
    const domain = new Domain();
    await domain.createRunning();
    await domain.manager.stop('a');
    const removals = Promise.all([domain.manager.remove('a'), domain.manager.remove('a'), domain.manager.remove('a')]);
    await domain.settle();
    await removals;
  });

  it('is complete before its files are gone: name and port are free, and the event is sent', async () => {
    const domain = new Domain();
    const id = await domain.create('a', { port: 9_000 });
    const gone = holdErasing(domain);
    let isAnswered = false;
    const removed = domain.manager.remove('a').then(() => (isAnswered = true));
    await domain.settle();
    expect(domain.events.events.at(-1)).toMatchObject({ type: 'instance_deleted' });
    const next = await domain.create('a', { port: 9_000 });
    expect(next).not.toBe(id);
    expect(isAnswered).toBe(false);
    gone.resolve();
    await removed;
    expect(gone.folders).toEqual([`/data/instances/${id}`]);
  });

  it('succeeds for all parallel callers, also for one that arrives while the files are being erased', async () => {
    const domain = new Domain();
    await domain.create('a');
    const gone = holdErasing(domain);
    const first = domain.manager.remove('a');
    await domain.settle();
    const second = domain.manager.remove('A');
    gone.resolve();
    await Promise.all([first, second]);
    await expect(domain.manager.remove('a')).rejects.toThrow(/no instance "a"/);
  });

  it('is answered before the files are gone when another server takes over', async () => {
    const domain = new Domain();
    await domain.create('a');
    holdErasing(domain);
    const moved = new AbortController();
    const removed = domain.manager.remove('a', { signal: moved.signal });
    await domain.settle();
    moved.abort(new Moved());
    await removed;
    expect(await domain.store.load()).toEqual([]);
  });

  it('that cannot be stored leaves the instance unchanged', async () => {
    const domain = new Domain();
    await domain.create();
    domain.store.failure = new Error('disk full');
    await expect(domain.manager.remove('a')).rejects.toThrow('could not be stored');
    domain.store.failure = null;
    await domain.manager.start('a');
    await domain.pass(50);
    expect(domain.status()).toBe('running');
  });

  it('that cannot be stored leaves a failed instance unchanged, with its reason', async () => {
    const domain = new Domain();
    const id = await domain.createRunning('a', { auto_restart: false });
    domain.world.exit(id, 1, domain.clock.now());
    await domain.settle();
    const before = domain.manager.get('a');
    const sent = domain.events.statuses('a');
    domain.store.failure = new Error('disk full');
    await expect(domain.manager.remove('a')).rejects.toThrow('could not be stored');
    expect(domain.manager.get('a')).toEqual({ ...before, status: 'failed' });
    expect(domain.events.statuses('a')).toEqual(sent);
  });

  it('stores events of the instance that could not be stored before', async () => {
    const domain = new Domain();
    const id = await domain.createRunning('a', { auto_restart: false });
    domain.store.failure = new Error('disk full');
    domain.world.exit(id, 1, domain.clock.now());
    await domain.settle();
    expect(domain.status()).toBe('failed');
    await expect(domain.manager.remove('a')).rejects.toThrow('could not be stored');
    domain.store.failure = null;
    await domain.manager.remove('a');
    expect(domain.store.events.slice(-2).map(({ event }) => [event.type, event.data])).toMatchObject([
      ['instance_status_changed', { status: 'failed' }],
      ['instance_deleted', { name: 'a' }],
    ]);
  });

  it('that cannot be stored still ends a backoff, and the event is sent and stored', async () => {
    const domain = new Domain();
    const id = await domain.createRunning();
    domain.world.exit(id, 1, domain.clock.now());
    await domain.settle();
    domain.store.failure = new Error('disk full');
    await expect(domain.manager.remove('a')).rejects.toThrow('could not be stored');
    expect([domain.status(), domain.events.statuses('a').at(-1)]).toEqual(['stopped', 'stopped']);
    domain.store.failure = null;
    await domain.pass(1_000);
    expect((await domain.store.load())[0]?.state.status).toBe('stopped');
  });
});
