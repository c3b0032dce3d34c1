import { describe, expect, it } from 'vitest';
import { Domain } from '../testing/domain.ts';
import type { Lease } from './slots/leases.ts';

const HOUR_MS = 3_600_000;

/** A draining engine with one request in flight. */
async function draining(timeout: number): Promise<{ domain: Domain; id: string; lease: Lease }> {
  const domain = new Domain();
  const id = await domain.createRunning();
  const lease = await domain.acquire();
  lease.signal.addEventListener('abort', () => lease.release());
  await domain.manager.stop('a', { timeout });
  await domain.settle();
  return { domain, id, lease };
}

describe.each([
  ['forward', HOUR_MS],
  ['back', -HOUR_MS],
])('a wall clock that jumps %s by an hour', (_, jump) => {
  it('ends no drain, and a second stop with a shorter timeout still wins', async () => {
    const { domain, lease } = await draining(120);
    domain.clock.jump(jump);
    await domain.pass(10_000);
    expect(lease.signal.aborted).toBe(false);
    await domain.manager.stop('a', { timeout: 1 });
    await domain.pass(999);
    expect(lease.signal.aborted).toBe(false);
    await domain.pass(1);
    expect([lease.signal.aborted, domain.status()]).toEqual([true, 'stopped']);
  });

  it('does not shorten the wait of a delete for a stop', async () => {
    const { domain } = await draining(120);
    domain.clock.jump(jump);
    let outcome = 'waits';
    void domain.manager.remove('a').then(
      () => (outcome = 'removed'),
      () => (outcome = 'refused'),
    );
    await domain.pass(119_999);
    expect(outcome).toBe('waits');
    await domain.pass(1);
    expect(outcome).toBe('removed');
  });

  it('leaves a drain its remaining time across a reload', async () => {
    const { domain: before, id } = await draining(120);
    await before.pass(20_000);
    before.clock.jump(jump);
    const after = await reloaded(before, id);
    await after.pass(99_999);
    expect(after.status()).toBe('stopping');
    await after.pass(1);
    expect(after.status()).toBe('stopped');
  });

  it('fails no start', async () => {
    const domain = new Domain();
    domain.world.defaults = { isReady: false, endsBy: 'SIGTERM' };
    const id = await domain.createRunning();
    await domain.pass(2_500);
    domain.clock.jump(jump);
    await domain.pass(2_500);
    domain.world.ready(id);
    await domain.pass(300);
    expect(domain.status()).toBe('running');
  });

  it('does not change idle times', async () => {
    const domain = new Domain();
    await domain.createRunning('a', { idle_timeout: 1_800 });
    await domain.pass(60_000);
    (await domain.acquire()).release();
    await domain.settle();
    domain.clock.jump(jump);
    await domain.manager.update('a', { aliases: ['x'] }, { restart: false });
    await domain.pass(1_799_999);
    expect(domain.status()).toBe('running');
    await domain.pass(1);
    expect(domain.status()).not.toBe('running');
  });

  it('does not change which instance is least recently used', async () => {
    const domain = new Domain(undefined, { settings: { max_running: 2 } });
    for (const name of ['a', 'b']) await domain.createRunning(name);
    await domain.create('c');
    await domain.pass(1_000);
    (await domain.acquire('a')).release();
    domain.clock.jump(jump);
    await domain.pass(1_000);
    (await domain.acquire('b')).release();
    await domain.pass(1_000);
    await domain.manager.start('c');
    await domain.pass(1_000);
    expect(domain.manager.list().map(({ status }) => status)).toEqual(['stopped', 'running', 'running']);
  });

  it('ends no backoff, and the next server continues its remaining time', async () => {
    const domain = new Domain();
    const id = await domain.createRunning();
    domain.world.exit(id, 1, domain.clock.now());
    await domain.pass(0);
    expect(domain.status()).toBe('restarting');
    await domain.pass(200);
    domain.clock.jump(jump);
    const after = await domain.crash();
    await after.pass(799);
    expect(after.status()).toBe('restarting');
    await after.pass(1);
    expect(after.status()).not.toBe('restarting');
  });

  it('does not change which runs count as stable', async () => {
    const domain = new Domain();
    const id = await domain.createRunning();
    domain.clock.jump(jump);
    domain.world.exit(id, 1, domain.clock.now());
    await domain.pass(5_000);
    expect(domain.manager.get('a')).toMatchObject({ status: 'running', restart_count: 1 });
    domain.clock.jump(jump);
    await domain.pass(300_000);
    domain.clock.jump(-jump);
    expect(domain.manager.get('a').restart_count).toBe(0);
  });
});

describe('a drain that the next server takes up', () => {
  it('lasts no longer than its timeout, even if its deadline was stored by another clock', async () => {
    const { domain: before, id } = await draining(60);
    for (const { record, state } of await before.store.load()) {
      if (!('ending' in state)) continue;
      await before.store.save({
        record,
        state: { ...state, ending: { ...state.ending, deadline: before.clock.now() } },
      });
    }
    const after = await reloaded(before, id);
    await after.pass(59_999);
    expect(after.status()).toBe('stopping');
    await after.pass(1);
    expect(after.status()).toBe('stopped');
  });
});

describe('an ending that the next server takes up', () => {
  it.each(['terminating', 'killing'] as const)('makes a delete wait no longer than a stop takes: %s', async (phase) => {
    const before = new Domain();
    before.world.defaults = { isReady: true, endsBy: 'nothing' };
    await before.createRunning();
    await before.manager.stop('a', { force: phase === 'killing' });
    await before.settle();
    for (const { record, state } of await before.store.load()) {
      if (!('ending' in state)) continue;
      expect(state.ending.phase).toBe(phase);
      await before.store.save({
        record,
        state: { ...state, ending: { ...state.ending, deadline: before.clock.now() } },
      });
    }
    const after = await before.crash();
    let outcome = 'waits';
    void after.manager.remove('a').then(
      () => (outcome = 'removed'),
      () => (outcome = 'refused'),
    );
    await after.pass(39_999);
    expect(outcome).toBe('waits');
    await after.pass(1);
    expect(outcome).toBe('refused');
  });
});

/** The next server, while the previous one still has a request to the engine. */
async function reloaded(before: Domain, id: string): Promise<Domain> {
  return before.crash(undefined, (leases) => {
    const end = leases.of(id, 1).lend(() => end());
  });
}
