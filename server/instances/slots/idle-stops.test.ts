import { describe, expect, it } from 'vitest';
import { Domain } from '../../testing/domain.ts';

const MINUTE_MS = 60_000;

/** Sends one request that takes this long. */
async function use(domain: Domain, milliseconds: number, name = 'a'): Promise<void> {
  const lease = domain.acquire(name);
  await domain.pass(milliseconds);
  (await lease).release();
}

describe('an instance with an idle timeout', () => {
  it('is stopped when its timeout has passed after the last byte of its last request', async () => {
    const domain = new Domain();
    await domain.create('a', { idle_timeout: 60 });
    await use(domain, 10 * MINUTE_MS);
    await domain.pass(MINUTE_MS - 1);
    expect(domain.status()).toBe('running');
    await domain.pass(1);
    expect(domain.status()).toBe('stopped');
    expect(domain.world.alive()).toEqual([]);
  });

  it('is stopped when its timeout has passed after it was ready, if no request came', async () => {
    const domain = new Domain();
    await domain.createRunning('a', { idle_timeout: 60 });
    await domain.pass(MINUTE_MS - 1);
    expect(domain.status()).toBe('running');
    await domain.pass(1);
    expect(domain.status()).toBe('stopped');
  });

  it('is not stopped while a long request runs and others come and go', async () => {
    const domain = new Domain();
    await domain.createRunning('a', { idle_timeout: 60 });
    const long = await domain.acquire();
    for (let minute = 0; minute < 5; minute += 1) {
      await use(domain, MINUTE_MS / 2);
      await domain.pass(MINUTE_MS);
    }
    expect(domain.status()).toBe('running');
    long.release();
    await domain.pass(MINUTE_MS);
    expect(domain.status()).toBe('stopped');
  });

  it('is not kept running by health checks and lists', async () => {
    const domain = new Domain();
    await domain.createRunning('a', { idle_timeout: 60 });
    for (let second = 0; second < 60; second += 1) {
      await domain.manager.health('a');
      domain.manager.get('a');
      domain.manager.liveRuns();
      await domain.pass(1_000);
    }
    expect(domain.status()).toBe('stopped');
  });

  it('starts again for the next request', async () => {
    const domain = new Domain();
    await domain.create('a', { idle_timeout: 60 });
    await use(domain, 1_000);
    await domain.pass(MINUTE_MS);
    expect(domain.status()).toBe('stopped');
    await use(domain, 1_000);
    expect(domain.status()).toBe('running');
  });

  it('has the timeout of the configuration unless its settings have one', async () => {
    const domain = new Domain(undefined, { settings: { idle_timeout: 60 } });
    await domain.createRunning('a');
    await domain.createRunning('b', { idle_timeout: 0 });
    await domain.createRunning('c', { idle_timeout: 0.5 });
    await domain.pass(500);
    expect(domain.status('c')).toBe('stopped');
    await domain.pass(10 * MINUTE_MS);
    expect([domain.status('a'), domain.status('b')]).toEqual(['stopped', 'running']);
  });

  it('is never stopped while it or its group is pinned', async () => {
    const domain = new Domain(undefined, { settings: { idle_timeout: 60 }, groups: { home: { pinned: true } } });
    await domain.createRunning('a', { pinned: true });
    await domain.createRunning('b', { group: 'home' });
    await domain.pass(10 * MINUTE_MS);
    expect([domain.status('a'), domain.status('b')]).toEqual(['running', 'running']);
    await domain.manager.update('a', { pinned: false }, { restart: false });
    await domain.pass(1);
    expect(domain.status('a')).toBe('stopped');
  });

  it('applies a changed timeout at once, without a restart', async () => {
    const domain = new Domain();
    await domain.createRunning('a', { idle_timeout: 3_600 });
    await domain.pass(2 * MINUTE_MS);
    const { instance } = await domain.manager.update('a', { idle_timeout: 180 }, { restart: false });
    expect([instance.idle_timeout, instance.restart_required]).toEqual([180, false]);
    await domain.pass(MINUTE_MS);
    expect(domain.status()).toBe('stopped');
  });

  it('has one timer, which ends with the run', async () => {
    const domain = new Domain();
    await domain.createRunning('a', { idle_timeout: 600 });
    const timersOf = (): number => domain.clock.pending.filter((due) => due > MINUTE_MS).length;
    for (let request = 0; request < 20; request += 1) await use(domain, 10);
    expect(timersOf()).toBe(1);
    await domain.manager.stop('a');
    await domain.settle();
    expect(timersOf()).toBe(0);
  });

  it('stays for its whole timeout after a crash of llamactl, since its last use is unknown then', async () => {
    const domain = new Domain();
    await domain.create('a', { idle_timeout: 60 });
    await use(domain, 10 * MINUTE_MS);
    const next = await domain.crash();
    await next.pass(MINUTE_MS - 1);
    expect(next.status()).toBe('running');
    await next.pass(1);
    expect(next.status()).toBe('stopped');
  });

  it('is left running when llamactl stops', async () => {
    const domain = new Domain();
    await domain.createRunning('a', { idle_timeout: 60 });
    await domain.createRunning('b', { idle_timeout: 60 });
    const lease = await domain.acquire('b');
    const ended = domain.instances.shutdown({ stopEngines: false });
    await domain.pass(10 * MINUTE_MS);
    await ended;
    lease.release();
    await domain.pass(10 * MINUTE_MS);
    expect([domain.status('a'), domain.status('b')]).toEqual(['running', 'running']);
  });
});
