import { describe, expect, it } from 'vitest';
import { Domain } from '../../testing/domain.ts';

/** A loading engine, and another process that has its port. */
async function robbed(): Promise<{ domain: Domain; id: string; port: number }> {
  const domain = new Domain();
  domain.world.defaults = { isReady: false, endsBy: 'SIGTERM' };
  const id = await domain.createRunning();
  const { port } = domain.manager.get('a');
  domain.world.foreignPorts.set(port, { pid: 99, description: 'process 99 (node)' });
  return { domain, id, port };
}

describe('a start whose port is taken by another process', () => {
  it('fails with the port and the process in its reason, and ends the engine', async () => {
    const { domain, id, port } = await robbed();
    await domain.pass(13_000);
    expect(domain.manager.get('a')).toMatchObject({
      status: 'failed',
      reason: `port ${port} is in use by process 99 (node), which does not belong to this run`,
    });
    expect(domain.world.alive(id)).toEqual([]);
    expect(domain.faults).toEqual([]);
  });

  it('is retried if the restart policy caused it, on another port if llamactl chose the port', async () => {
    const domain = new Domain();
    const id = await domain.createRunning();
    const { port } = domain.manager.get('a');
    domain.world.defaults = { isReady: false, endsBy: 'SIGTERM' };
    domain.world.exit(id, 1, domain.clock.now());
    await domain.pass(1_500);
    expect(domain.status()).toBe('starting');
    domain.world.foreignPorts.set(port, { pid: 99, description: 'process 99 (node)' });
    await domain.pass(12_000);
    expect(domain.manager.get('a')).toMatchObject({
      status: 'restarting',
      reason: expect.stringContaining(`port ${port} is in use by process 99`) as string,
    });
    domain.world.defaults = { isReady: true, endsBy: 'SIGTERM' };
    await domain.pass(5_000);
    expect(domain.manager.get('a')).toMatchObject({ status: 'running' });
    expect(domain.manager.get('a').port).not.toBe(port);
  });
});
