import { describe, expect, it } from 'vitest';
import { Domain } from '../testing/domain.ts';

const code = (expected: string): unknown => expect.objectContaining({ code: expected });

/** Stops and restarts by a command. */

describe('stop', () => {
  it('answers stopping, and then stops the engine', async () => {
    const domain = new Domain();
    await domain.createRunning();
    expect(await domain.manager.stop('a')).toBe('stopping');
    await domain.settle();
    expect(domain.status()).toBe('stopped');
    expect(domain.manager.get('a').last_exit).toMatchObject({ code: 0, reason: 'stopped as asked' });
  });

  it('of a stopped instance succeeds', async () => {
    const domain = new Domain();
    await domain.create();
    expect(await domain.manager.stop('a')).toBe('stopped');
  });

  it('lets requests in flight finish, then ends the engine', async () => {
    const domain = new Domain();
    await domain.createRunning();
    const lease = await domain.acquire();
    await domain.manager.stop('a');
    await domain.pass(20_000);
    expect(domain.status()).toBe('stopping');
    expect(domain.world.alive()).toHaveLength(1);
    lease.release();
    await domain.settle();
    expect(domain.status()).toBe('stopped');
    expect(lease.signal.aborted).toBe(false);
  });

  it('breaks requests in flight after the timeout', async () => {
    const domain = new Domain();
    await domain.createRunning();
    const lease = await domain.acquire();
    await domain.manager.stop('a', { timeout: 5 });
    await domain.pass(5_000);
    expect(lease.signal.aborted).toBe(true);
    expect(domain.status()).toBe('stopped');
  });

  it('with a shorter timeout wins over a stop under way', async () => {
    const domain = new Domain();
    await domain.createRunning();
    await domain.acquire();
    await domain.manager.stop('a', { timeout: 60 });
    await domain.manager.stop('a', { timeout: 2 });
    await domain.pass(2_000);
    expect(domain.status()).toBe('stopped');
  });

  it('with force kills at once, also while another stop drains', async () => {
    const domain = new Domain();
    const id = await domain.createRunning();
    domain.world.process(id).endsBy = 'SIGKILL';
    await domain.acquire();
    await domain.manager.stop('a');
    await domain.manager.stop('a', { force: true });
    await domain.settle();
    expect(domain.status()).toBe('stopped');
    expect(domain.manager.get('a').last_exit).toMatchObject({ code: 137, signal: 'SIGKILL' });
  });

  it('ends an engine that is loading', async () => {
    const domain = new Domain();
    await domain.create();
    domain.world.defaults.isReady = false;
    await domain.manager.start('a');
    await domain.pass(50);
    expect(await domain.manager.stop('a')).toBe('stopping');
    await domain.settle();
    expect(domain.status()).toBe('stopped');
  });

  it('ends a start whose process is being spawned', async () => {
    const domain = new Domain();
    await domain.create();
    domain.supervisor.holdSpawns();
    await domain.manager.start('a');
    await domain.settle();
    await domain.manager.stop('a');
    await domain.settle();
    expect(domain.status()).toBe('stopping');
    domain.supervisor.releaseSpawns();
    await domain.settle();
    expect(domain.status()).toBe('stopped');
    expect(domain.world.alive()).toEqual([]);
  });

  it('wins over a start whose check is under way', async () => {
    const domain = new Domain();
    await domain.create();
    await Promise.all([domain.manager.start('a'), domain.manager.stop('a')]);
    await domain.settle();
    expect(domain.status()).toBe('stopped');
    expect(domain.world.processes).toEqual([]);
  });

  it('stays stopping, with port and pid, and raises an alert when SIGKILL does not end the process', async () => {
    const domain = new Domain();
    const id = await domain.createRunning();
    domain.world.process(id).endsBy = 'nothing';
    await domain.manager.stop('a', { force: true });
    await domain.pass(10_000);
    expect(domain.manager.get('a')).toMatchObject({ status: 'stopping', pid: domain.world.process(id).identity.pid });
    expect(domain.events.raisedAlerts()).toEqual(['process_survives_kill']);
    await expect(domain.manager.create({ name: 'b', model_path: '/m', port: 8_100 })).rejects.toEqual(
      code('PORT_CONFLICT'),
    );
    domain.world.exit(id, 137, domain.clock.now());
    await domain.settle();
    expect(domain.status()).toBe('stopped');
  });

  it('with wait, waits for the outcome', async () => {
    const domain = new Domain();
    await domain.createRunning();
    const stopped = domain.manager.stop('a', { wait: true });
    await domain.settle();
    expect(await stopped).toBe('stopped');
  });
});

describe('restart', () => {
  it('answers restarting and starts another process', async () => {
    const domain = new Domain();
    const id = await domain.createRunning();
    expect(await domain.manager.restart('a')).toBe('restarting');
    await domain.pass(50);
    expect(domain.status()).toBe('running');
    expect(domain.world.processes).toHaveLength(2);
    expect(domain.world.peak(id)).toBe(1);
    expect(domain.manager.get('a').restart_count, 'no run crashed').toBe(0);
  });

  it('keeps the output of the last ten runs only', async () => {
    const domain = new Domain();
    const id = await domain.createRunning();
    expect(domain.supervisor.pruned).toEqual([{ parent: `/data/instances/${id}/runs`, newest: 10 }]);
  });

  it('starts a stopped instance', async () => {
    const domain = new Domain();
    await domain.create();
    expect(await domain.manager.restart('a')).toBe('starting');
  });

  it('leaves the engine alone when the start could not succeed', async () => {
    const domain = new Domain();
    await domain.createRunning();
    domain.adapter.startProblem = { code: 'MODEL_NOT_FOUND', message: 'gone' };
    await expect(domain.manager.restart('a')).rejects.toEqual(code('MODEL_NOT_FOUND'));
    expect(domain.status()).toBe('running');
  });

  it('does not take its own engine for a foreign process, even if it ends during the check', async () => {
    const domain = new Domain();
    const id = await domain.createRunning('a', { port: 9_000 });
    domain.supervisor.portHolder = async () => {
      domain.world.exit(id, 1, domain.clock.now());
      return { pid: 1, description: 'the engine of a' };
    };
    expect(await domain.manager.restart('a')).toBe('restarting');
  });

  it('does not take its own running engine on a named port for a foreign process', async () => {
    const domain = new Domain();
    await domain.createRunning('a', { port: 9_000 });
    expect(await domain.manager.restart('a')).toBe('restarting');
  });
});
