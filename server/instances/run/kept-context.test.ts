import { describe, expect, it } from 'vitest';
import { Domain } from '../../testing/domain.ts';

/** An instance that keeps its context over a stop. */

const KEEPS = { keep_context: 'auto' };
const HUNG = new Promise<void>(() => {});

describe('an instance with keep_context', () => {
  it('saves its context when it is stopped, before its engine ends, and restores it at the next start', async () => {
    const domain = new Domain();
    await domain.createRunning('a', KEEPS);
    let finishSave = (): void => undefined;
    domain.contexts.pending = new Promise((resolve) => (finishSave = resolve));
    domain.contexts.calls.length = 0;
    await domain.manager.stop('a');
    await domain.settle();
    expect([domain.contexts.calls, domain.world.alive().length]).toEqual([['save a'], 1]);
    finishSave();
    await domain.settle();
    expect([domain.status(), domain.world.alive().length]).toEqual(['stopped', 0]);
    expect(domain.manager.get('a').context).toMatchObject({ tokens: 1_000 });
    await domain.manager.start('a');
    await domain.settle();
    expect(domain.contexts.calls).toEqual(['save a', 'restore a']);
    expect(domain.status()).toBe('running');
  });

  it('saves it when it is evicted for another instance', async () => {
    const domain = new Domain(undefined, { settings: { max_running: 1 } });
    await domain.createRunning('a', KEEPS);
    await domain.create('b');
    const lease = domain.acquire('b');
    await domain.settle();
    (await lease).release();
    expect(domain.contexts.calls).toEqual(['restore a', 'save a']);
    expect([domain.status('a'), domain.status('b')]).toEqual(['stopped', 'running']);
  });

  it('saves it when it was idle', async () => {
    const domain = new Domain();
    await domain.createRunning('a', { ...KEEPS, idle_timeout: 60 });
    await domain.pass(60_000);
    expect([domain.status(), domain.contexts.calls.at(-1)]).toEqual(['stopped', 'save a']);
  });

  it('is stopped after two seconds when the save hangs', async () => {
    const domain = new Domain();
    await domain.createRunning('a', KEEPS);
    domain.contexts.pending = HUNG;
    await domain.manager.stop('a');
    await domain.pass(1_900);
    expect(domain.status()).toBe('stopping');
    await domain.pass(100);
    expect(domain.status()).toBe('stopped');
  });

  it('gives no lease before its context is restored, and serves after five seconds when the restore hangs', async () => {
    const domain = new Domain();
    await domain.create('a', KEEPS);
    domain.contexts.pending = HUNG;
    let isLeased = false;
    const lease = domain.acquire('a').then((granted) => {
      isLeased = true;
      granted.release();
    });
    await domain.pass(4_900);
    expect([domain.status(), isLeased]).toEqual(['starting', false]);
    await domain.pass(200);
    await lease;
    expect(domain.status()).toBe('running');
  });

  it('saves nothing when it is stopped by force, also while a save is under way', async () => {
    const domain = new Domain();
    await domain.createRunning('a', KEEPS);
    await domain.manager.stop('a', { force: true });
    await domain.settle();
    expect(domain.contexts.calls).toEqual(['restore a']);

    await domain.manager.start('a');
    await domain.settle();
    domain.contexts.pending = HUNG;
    await domain.manager.stop('a');
    await domain.settle();
    await domain.manager.stop('a', { force: true });
    await domain.settle();
    expect(domain.status()).toBe('stopped');
  });

  it('saves nothing when requests were in flight at the end of the drain', async () => {
    const domain = new Domain();
    await domain.createRunning('a', KEEPS);
    await domain.acquire();
    await domain.manager.stop('a', { timeout: 1 });
    await domain.pass(1_000);
    expect([domain.status(), domain.contexts.calls]).toEqual(['stopped', ['restore a']]);
  });

  it('saves nothing once it is off, and what was saved is removed at once', async () => {
    const domain = new Domain();
    await domain.createRunning('a', KEEPS);
    await domain.manager.restart('a');
    await domain.settle();
    expect(domain.manager.get('a').context).not.toBeNull();
    domain.contexts.calls.length = 0;
    await domain.manager.update('a', { keep_context: 'off' }, { restart: false });
    expect(domain.manager.get('a').context).toBeNull();
    await domain.manager.stop('a');
    await domain.settle();
    expect([domain.status(), domain.contexts.calls]).toEqual(['stopped', []]);
  });

  it('takes its context along when it is deleted', async () => {
    const domain = new Domain();
    const id = await domain.createRunning('a', KEEPS);
    await domain.manager.stop('a');
    await domain.settle();
    expect(domain.contexts.saved.has(id)).toBe(true);
    await domain.manager.remove('a');
    expect(domain.contexts.saved.has(id)).toBe(false);
  });

  it('starts without its folder if that cannot be used', async () => {
    const domain = new Domain();
    domain.contexts.isUnusable = true;
    const id = await domain.createRunning('a', KEEPS);
    expect(domain.world.process(id).plan.argv).not.toContain('--contexts');
    await domain.manager.stop('a');
    await domain.settle();
    expect([domain.status(), domain.contexts.calls]).toEqual(['stopped', []]);
  });

  it('is saved by the next server when the first one died during the save', async () => {
    const domain = new Domain();
    await domain.createRunning('a', KEEPS);
    domain.contexts.pending = HUNG;
    await domain.manager.stop('a');
    await domain.settle();
    domain.contexts.pending = Promise.resolve();
    const next = await domain.crash();
    expect(next.status()).toBe('stopped');
    expect(next.contexts.calls).toEqual(['restore a', 'save a', 'save a']);
  });

  it('forgets at a boot the contexts of instances that no longer keep them', async () => {
    const domain = new Domain();
    const id = await domain.create('a');
    domain.contexts.saved.set(id, { tokens: 1, bytes: 1, saved_at: '2026-01-01T00:00:00.000Z', reuse: null });
    const next = await domain.crash();
    expect(next.manager.get('a').context).toBeNull();
  });
});

it('an instance without keep_context saves and restores nothing', async () => {
  const domain = new Domain();
  await domain.createRunning();
  await domain.manager.stop('a');
  await domain.settle();
  expect(domain.contexts.calls).toEqual([]);
});
