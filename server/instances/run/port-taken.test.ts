import { describe, expect, it } from 'vitest';
import { Domain } from '../../testing/domain.ts';

/** An engine that is loading, and another process that has its port. */
async function robbed(): Promise<{ domain: Domain; id: string; port: number }> {
  const domain = new Domain();
  domain.world.defaults = { isReady: false, endsBy: 'SIGTERM' };
  const id = await domain.createRunning();
  const { port } = domain.manager.get('a');
  domain.world.foreignPorts.set(port, { pid: 99, description: 'process 99 (node)' });
  return { domain, id, port };
}

describe('a start whose port another process has', () => {
  it('fails, says which port and whose process, and ends what was launched', async () => {
    const { domain, id, port } = await robbed();
    await domain.pass(13_000);
    expect(domain.manager.get('a')).toMatchObject({
      status: 'failed',
      reason: `port ${port} is in use by process 99 (node), which does not belong to this run`,
    });
    expect(domain.world.alive(id)).toEqual([]);
    expect(domain.faults).toEqual([]);
  });

  it('is tried again when it was the restart policy that wanted it, on another port where that is ours to choose', async () => {
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
