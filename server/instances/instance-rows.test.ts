import type { InstanceSummary } from '@llamactl/contract/instance';
import { describe, expect, it } from 'vitest';
import { Domain } from '../testing/domain.ts';
import { usualStats } from '../testing/usual-stats.ts';
import { scopedManager } from './scoped-manager.ts';

const row = (domain: Domain, name = 'a'): InstanceSummary => {
  const found = domain.manager.list().find((each) => each.name === name);
  if (found === undefined) throw new Error(`no row for ${name}`);
  return found;
};

describe('a row of the list', () => {
  it('is the same object until something of it changes', async () => {
    const domain = new Domain();
    await domain.createRunning('a');
    await domain.create('b');
    const [one, other] = [row(domain), row(domain, 'b')];
    await domain.pass(1_000);
    expect([row(domain), row(domain, 'b')].every((each, index) => each === [one, other][index])).toBe(true);
    const lease = await domain.acquire();
    expect(row(domain)).not.toBe(one);
    expect(row(domain, 'b')).toBe(other);
    lease.release();
  });

  it('counts requests that the engine works on, and those that wait', async () => {
    const domain = new Domain();
    await domain.createRunning('a', { concurrency: 1 });
    const lease = await domain.acquire();
    const waiting = domain.acquire();
    await domain.settle();
    expect(row(domain)).toMatchObject({ in_flight: 1, waiting: 1 });
    lease.release();
    await domain.settle();
    expect(row(domain)).toMatchObject({ in_flight: 1, waiting: 0 });
    (await waiting).release();
    expect(row(domain)).toMatchObject({ in_flight: 0, waiting: 0 });
    expect(domain.manager.get('a')).toMatchObject({ in_flight: 0, waiting: 0 });
  });

  it('says when the last request ended, also after the engine has stopped', async () => {
    const domain = new Domain();
    await domain.createRunning('a');
    expect(row(domain).last_used_at).toBe(null);
    (await domain.acquire()).release();
    const usedAt = new Date(domain.clock.now()).toISOString();
    await domain.pass(60_000);
    // A jump of the day's clock does not change a time that was shown.
    expect(row(domain).last_used_at).toBe(usedAt);
    domain.clock.jump(3_600_000);
    expect(row(domain).last_used_at).toBe(usedAt);
    await domain.manager.stop('a');
    await domain.settle();
    expect(row(domain)).toMatchObject({ status: 'stopped', last_used_at: usedAt, in_flight: 0 });
  });

  it('has the last measurement of the current run, and the speed of the engine', async () => {
    const domain = new Domain();
    await domain.createRunning('a');
    expect(row(domain)).toMatchObject({ stats: null, tokens_per_second: 0 });
    const stats = usualStats({ memory_usage: 7 });
    domain.figures.measured('a', 1, stats);
    domain.figures.generates('a', 12.5);
    expect(row(domain)).toMatchObject({ stats, tokens_per_second: 12.5 });
    await domain.manager.restart('a');
    await domain.pass(5_000);
    expect(row(domain)).toMatchObject({ status: 'running', stats: null });
  });

  it('says whether the engine needs a restart, from when its flags are learnt', async () => {
    const domain = new Domain();
    await domain.createRunning('a');
    expect(row(domain).restart_required).toBe(false);
    await domain.manager.update('a', { options: { threads: 3 } }, { restart: false });
    expect(row(domain).restart_required).toBe(true);
    await domain.manager.update('a', { options: { threads: null } }, { restart: false });
    expect(row(domain).restart_required).toBe(false);
  });

  it('counts automatic restarts until the engine has run for five minutes', async () => {
    const domain = new Domain();
    const id = await domain.createRunning('a');
    domain.world.exit(id, 1, domain.clock.now());
    await domain.pass(2_000);
    expect(row(domain)).toMatchObject({ status: 'running', restart_count: 1 });
    await domain.pass(300_000);
    expect(row(domain).restart_count).toBe(0);
  });

  it('has the progress of a start, and afterwards how long it took', async () => {
    const domain = new Domain();
    domain.world.defaults.isReady = false;
    const id = await domain.create('a');
    await domain.manager.start('a');
    await domain.pass(3_000);
    expect(row(domain)).toMatchObject({
      status: 'starting',
      ready_at: null,
      last_load_seconds: null,
      load: { phase: 'loading', fraction: null, elapsed: 3, usual_seconds: null },
    });
    domain.world.ready(id);
    await domain.pass(1_000);
    const { ready_at: readyAt, last_load_seconds: seconds, load } = row(domain);
    expect(load).toBe(null);
    expect(seconds).toBeGreaterThanOrEqual(3);
    expect(seconds).toBeLessThanOrEqual(4);
    expect(Date.parse(readyAt ?? '')).toBeLessThanOrEqual(domain.clock.now());
    await domain.manager.stop('a');
    await domain.settle();
    expect(row(domain)).toMatchObject({ ready_at: null, last_load_seconds: seconds });
  });

  it('estimates a start by the last loads of the same model with the same options', async () => {
    const domain = new Domain();
    domain.world.defaults.isReady = false;
    const id = await domain.create('a');
    const load = async (took: number): Promise<void> => {
      await domain.manager.start('a');
      await domain.pass(took);
      domain.world.ready(id);
      await domain.pass(1_000);
      await domain.manager.stop('a');
      await domain.settle();
    };
    for (const took of [10_000, 30_000, 10_000]) await load(took);
    await domain.manager.start('a');
    await domain.pass(5_000);
    const { load: begun } = row(domain);
    expect(begun?.usual_seconds).toBeGreaterThanOrEqual(10);
    expect(begun?.usual_seconds).toBeLessThan(11.5);
    expect(begun?.fraction).toBeGreaterThan(0.4);
    expect(begun?.fraction).toBeLessThan(0.55);
    await domain.pass(60_000);
    expect(row(domain).load?.fraction).toBeGreaterThan(0.99);
    expect(row(domain).load?.fraction).toBeLessThan(1);
  });

  it('has no estimate for other options, and finds the estimate of another instance with the same ones', async () => {
    const domain = new Domain();
    await domain.createRunning('a');
    domain.world.defaults.isReady = false;
    await domain.create('same');
    await domain.create('other', { options: { ctx_size: 9 } });
    await domain.manager.start('same');
    await domain.manager.start('other');
    await domain.pass(1_000);
    expect(row(domain, 'same').load?.usual_seconds).not.toBe(null);
    expect(row(domain, 'other').load).toMatchObject({ usual_seconds: null, fraction: null });
  });

  it('knows its last load after a restart of llamactl', async () => {
    const domain = new Domain();
    await domain.createRunning('a');
    const { last_load_seconds: seconds, ready_at: readyAt } = row(domain);
    const next = await domain.crash();
    expect(seconds).not.toBe(null);
    expect(row(next)).toMatchObject({ status: 'running', last_load_seconds: seconds, ready_at: readyAt });
  });
});

describe('an instance that waits for a slot', () => {
  const oneSlot = (): Domain => new Domain(undefined, { settings: { max_running: 1 } });

  it('names the instance that has to stop, and its load is queued', async () => {
    const domain = oneSlot();
    await domain.createRunning('a');
    await domain.create('b');
    const lease = await domain.acquire('a');
    const waiting = domain.acquire('b');
    await domain.pass(2_000);
    expect(row(domain, 'b')).toMatchObject({
      status: 'starting',
      waiting: 1,
      waits_for: ['a'],
      load: { phase: 'queued', elapsed: 2 },
    });
    expect(row(domain).waits_for).toEqual([]);
    lease.release();
    await domain.pass(2_000);
    expect(row(domain, 'b')).toMatchObject({ status: 'running', waits_for: [] });
    (await waiting).release();
  });

  it('does not name an instance that the caller may not see', async () => {
    const domain = oneSlot();
    await domain.createRunning('a');
    const id = await domain.create('b');
    const lease = await domain.acquire('a');
    const waiting = domain.acquire('b');
    await domain.pass(2_000);
    const narrow = scopedManager(domain.manager, { maySee: (each) => each === id, mayStart: false });
    expect(narrow.list().map((each) => each.waits_for)).toEqual([['another instance']]);
    expect(narrow.get('b').waits_for).toEqual(['another instance']);
    lease.release();
    await domain.pass(2_000);
    (await waiting).release();
  });
});
