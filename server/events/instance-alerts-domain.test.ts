import type { DomainEvent } from '@llamactl/contract/events';
import { describe, expect, it } from 'vitest';
import { Domain } from '../testing/domain.ts';
import { createInstanceAlerts } from './instance-alerts.ts';

/** Instance alerts with the real domain, whose messages and numbers the other tests do not use. */
function aWatchedDomain() {
  const domain = new Domain();
  const listeners = new Set<(event: DomainEvent) => void>();
  const record = domain.events.emit.bind(domain.events);
  domain.events.emit = (event) => {
    record(event);
    for (const listener of listeners) listener(event);
  };
  createInstanceAlerts({
    clock: domain.clock,
    alerts: domain.alerts,
    events: {
      subscribe: (listener) => {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    },
    instances: domain.manager,
    gpus: async () => [],
    portHolder: (port) => domain.supervisor.portHolder(port),
    onFault: (error) => domain.faults.push(error),
  });
  const codes = (): string[] => domain.alerts.list().map(({ code }) => code);
  return { domain, codes };
}

describe('InstanceAlerts with the real domain', () => {
  it('raises crash_loop at the third backoff, and clears it after five minutes of running', async () => {
    const { domain, codes } = aWatchedDomain();
    await domain.createRunning('a');
    const raised: string[][] = [];
    for (let crash = 0; crash < 3; crash += 1) {
      domain.world.exit(domain.world.alive()[0]?.run ?? '', 139, domain.clock.now());
      await domain.settle();
      raised.push(codes());
      await domain.pass(10_000);
      expect(domain.status()).toBe('running');
    }
    expect(raised).toEqual([[], [], ['crash_loop']]);
    await domain.pass(280_000);
    expect(codes()).toEqual(['crash_loop']);
    await domain.pass(30_000);
    expect(codes()).toEqual([]);
    expect(domain.faults).toEqual([]);
  });

  it('raises port_clash while another program has the port', async () => {
    const { domain, codes } = aWatchedDomain();
    await domain.createRunning('a', { port: 9_000 });
    domain.world.exit(domain.world.alive()[0]?.run ?? '', 139, domain.clock.now());
    domain.world.foreignPorts.set(9_000, { pid: 77, description: 'nginx (pid 77)' });
    await domain.pass(5_000);
    expect(codes()).toEqual(['port_clash']);
    expect(domain.alerts.list()[0]?.message).toBe(
      'a cannot start, because another program has its port 9000: port 9000 is in use by nginx (pid 77). End that program, or give a another port.',
    );
    domain.world.foreignPorts.clear();
    await domain.pass(120_000);
    expect(domain.status()).toBe('running');
    expect(domain.faults).toEqual([]);
    expect(codes()).not.toContain('port_clash');
  });

  it('raises port_clash for a refused start until the instance has another port', async () => {
    const { domain, codes } = aWatchedDomain();
    await domain.create('a', { port: 9_000 });
    domain.world.foreignPorts.set(9_000, { pid: 77, description: 'nginx (pid 77)' });
    await expect(domain.manager.start('a')).rejects.toThrow('Port 9000');
    await domain.settle();
    expect(codes()).toEqual(['port_clash']);
    await domain.manager.update('a', { port: 9_001 }, { restart: false });
    await domain.settle();
    expect(codes()).toEqual([]);
  });

  it('raises instance_failed for an instance that cannot start, until it is stopped', async () => {
    const { domain, codes } = aWatchedDomain();
    domain.world.defaults = { ...domain.world.defaults, isReady: false };
    await domain.create('a');
    await domain.manager.start('a');
    await domain.settle();
    domain.world.exit(domain.world.alive()[0]?.run ?? '', 1, domain.clock.now());
    await domain.settle();
    expect([domain.status(), codes()]).toEqual(['failed', ['instance_failed']]);
    await domain.manager.stop('a');
    await domain.settle();
    expect(codes()).toEqual([]);
  });
});
