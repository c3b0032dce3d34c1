import { describe, expect, it, vi } from 'vitest';
import { Domain } from '../../testing/domain.ts';

/** Reboots the machine, and returns the domain of the next server. */

async function reboot(domain: Domain): Promise<Domain> {
  domain.world.reboot(domain.clock.now());
  return domain.crash();
}

describe('after a crash of llamactl', () => {
  it('a running engine is adopted: same process, still running, with leases', async () => {
    const before = new Domain();
    const id = await before.createRunning();
    const { pid } = before.manager.get('a');
    const after = await before.crash();
    expect(after.manager.get('a')).toMatchObject({ status: 'running', pid });
    expect(after.world.peak(id)).toBe(1);
    await after.acquire();
    expect(after.events.events, 'nothing happened to it').toEqual([]);
  });

  it('an adopted engine is supervised like any other', async () => {
    const before = new Domain();
    const id = await before.createRunning();
    const after = await before.crash();
    after.world.exit(id, 1, after.clock.now());
    await after.settle();
    expect(after.manager.get('a')).toMatchObject({ status: 'restarting', last_exit: { code: 1 } });
    await after.pass(1_100);
    await after.manager.stop('a');
    await after.settle();
    expect(after.status()).toBe('stopped');
  });

  it('a loading engine is adopted until it is ready', async () => {
    const before = new Domain();
    const id = await before.create();
    before.world.defaults.isReady = false;
    await before.manager.start('a');
    await before.pass(50);
    const after = await before.crash();
    expect(after.status()).toBe('starting');
    after.world.ready(id);
    await after.pass(50);
    expect(after.status()).toBe('running');
    expect(after.world.processes).toHaveLength(1);
  });

  it('an engine is found even if its pid was not yet stored', async () => {
    const before = new Domain();
    const id = await before.create();
    before.supervisor.holdSpawns();
    await before.manager.start('a');
    await before.settle();
    expect(before.world.alive(id)).toHaveLength(1);
    const after = await before.crash();
    expect(after.manager.get('a')).toMatchObject({ status: 'running', pid: after.world.process(id).identity.pid });
    expect(after.world.processes).toHaveLength(1);
  });

  it('an acknowledged start that was not spawned is carried out', async () => {
    const before = new Domain();
    const id = await before.create();
    await before.manager.start('a');
    expect(before.world.processes).toEqual([]);
    const after = await before.crash();
    await after.pass(50);
    expect(after.status()).toBe('running');
    expect(after.world.peak(id)).toBe(1);
  });

  it('a stop under way is completed', async () => {
    const before = new Domain();
    await before.createRunning();
    await before.acquire();
    await before.manager.stop('a');
    await before.settle();
    expect(before.status()).toBe('stopping');
    const after = await before.crash();
    await after.settle();
    expect(after.status(), 'no lease survives the crash, so nothing is left to drain').toBe('stopped');
    expect(after.world.alive()).toEqual([]);
  });

  it('a restart under way is completed, up to the running engine', async () => {
    const before = new Domain();
    const id = await before.createRunning();
    await before.acquire();
    await before.manager.restart('a');
    await before.settle();
    const after = await before.crash();
    await after.pass(50);
    expect(after.status()).toBe('running');
    expect(after.world.processes).toHaveLength(2);
    expect(after.world.peak(id)).toBe(1);
  });

  it('the death of an engine meanwhile counts as a crash, with its exit code', async () => {
    const before = new Domain();
    const id = await before.createRunning();
    before.supervisor.close();
    before.world.exit(id, 139, before.clock.now());
    const after = await before.crash();
    expect(after.manager.get('a')).toMatchObject({
      status: 'restarting',
      restart_count: 1,
      last_exit: { code: 139, signal: 'SIGSEGV' },
    });
  });

  it('the time without a server does not make a short run stable', async () => {
    const before = new Domain();
    const id = await before.createRunning();
    before.world.exit(id, 1, before.clock.now());
    await before.pass(1_100);
    before.supervisor.close();
    before.world.exit(id, 1, before.clock.now());
    await before.clock.advance(3_600_000);
    const after = await before.crash();
    expect(after.manager.get('a')).toMatchObject({ status: 'restarting', restart_count: 2 });
  });

  it('a backoff continues with its remaining time', async () => {
    const before = new Domain();
    const id = await before.createRunning();
    before.world.exit(id, 1, before.clock.now());
    await before.pass(600);
    const after = await before.crash();
    expect(after.status()).toBe('restarting');
    await after.clock.advance(399);
    expect(after.status()).toBe('restarting');
    await after.pass(50);
    expect(after.status()).toBe('running');
  });

  /** Ways in which a server can end during a backoff. */
  const ENDS = [
    ['died', (domain: Domain) => domain.crash()],
    [
      'was stopped',
      async (domain: Domain) => {
        await domain.instances.shutdown({ stopEngines: false });
        return domain.crash();
      },
    ],
    [
      'handed over',
      async (domain: Domain) => {
        await domain.instances.handOver(() => Promise.reject(new Error('no lease')));
        return domain.crash();
      },
    ],
  ] as const;

  it.each(ENDS)(
    'the count of restarts in a row continues when the server %s in between, up to giving up',
    async (_how, end) => {
      const before = new Domain();
      const id = await before.createRunning('a', { max_restarts: 2 });
      before.world.exit(id, 1, before.clock.now());
      await before.settle();
      const second = await end(before);
      expect(second.manager.get('a')).toMatchObject({ status: 'restarting', restart_count: 1, last_exit: { code: 1 } });
      await second.pass(1_050);
      expect(second.status()).toBe('running');
      second.world.exit(id, 1, second.clock.now());
      await second.settle();
      const third = await end(second);
      expect(third.manager.get('a')).toMatchObject({ status: 'restarting', restart_count: 2 });
      await third.pass(1_900);
      expect(third.status()).toBe('restarting');
      await third.pass(150);
      expect(third.status()).toBe('running');
      third.world.exit(id, 1, third.clock.now());
      await third.settle();
      expect(third.manager.get('a')).toMatchObject({
        status: 'failed',
        reason: expect.stringMatching(/^gave up after 2 restarts in a row/) as string,
      });
    },
  );

  it('stopped and failed instances keep their status', async () => {
    const before = new Domain();
    await before.create('a');
    await before.create('b');
    before.supervisor.spawnFailures.push('no');
    await before.manager.start('b');
    await before.settle();
    const after = await before.crash();
    expect(after.status('a')).toBe('stopped');
    expect(after.manager.get('b')).toMatchObject({ status: 'failed', reason: 'no' });
  });

  it('folders without an instance are removed, others are kept', async () => {
    const before = new Domain();
    const id = await before.create();
    const after = await before.crash();
    expect(after.supervisor.swept).toEqual([{ parent: '/data/instances', keep: new Set([id]) }]);
  });
});

describe('an engine that is slow to print its flags', () => {
  /** Boots while `/slow`, the engine of `a`, has not yet printed its flags. */
  async function slowBoot(end: (domain: Domain) => Promise<Domain>) {
    const before = new Domain();
    await before.createRunning('a', { command: ['/slow'] });
    await before.createRunning('b');
    const printed = Promise.withResolvers<void>();
    before.adapter.slow.set('/slow', printed.promise);
    const after = await end(before);
    const print = async (): Promise<void> => {
      printed.resolve();
      await after.pass(50);
    };
    return { after, print };
  }
  const crash = (domain: Domain): Promise<Domain> => domain.crash();

  it('is adopted without them, and so are all other engines', async () => {
    const { after, print } = await slowBoot(crash);
    expect([after.status('a'), after.status('b')]).toEqual(['running', 'running']);
    await after.acquire();
    await print();
    expect(after.manager.get('a').restart_required).toBe(false);
    expect(after.events.events, 'nothing happened to it').toEqual([]);
  });

  it('shows no needed restart by a guess; once the flags are known, shows it and sends an event', async () => {
    const { after, print } = await slowBoot((domain) => {
      const plan = domain.adapter.plan.bind(domain.adapter);
      vi.spyOn(domain.adapter, 'plan').mockImplementation((record) => ({ ...plan(record), argv: ['--new'] }));
      return domain.crash();
    });
    expect(after.manager.get('a').restart_required).toBe(false);
    expect(after.manager.get('b').restart_required).toBe(true);
    await print();
    expect(after.manager.get('a').restart_required).toBe(true);
    const reason = 'its engine was started with another command than the next start would use';
    expect(after.events.events).toEqual([{ type: 'instance_updated', data: { name: 'a', reason } }]);
  });

  it('sends no event about a run that is ending', async () => {
    const { after, print } = await slowBoot(async (domain) => {
      const plan = domain.adapter.plan.bind(domain.adapter);
      vi.spyOn(domain.adapter, 'plan').mockImplementation((record) => ({ ...plan(record), argv: ['--new'] }));
      domain.world.process(domain.manager.idOf('a') ?? '').endsBy = 'nothing';
      await domain.manager.stop('a');
      return domain.crash();
    });
    expect(after.status('a')).toBe('stopping');
    await print();
    expect(after.events.events.map(({ type }) => type)).not.toContain('instance_updated');
  });

  it('sends no event when the flags arrive after a hand-over or a shutdown', async () => {
    for (const end of [
      (domain: Domain) => domain.instances.handOver(() => Promise.reject(new Error('no lease'))),
      (domain: Domain) => domain.instances.shutdown({ stopEngines: false }),
    ]) {
      const { after, print } = await slowBoot((domain) => {
        const plan = domain.adapter.plan.bind(domain.adapter);
        vi.spyOn(domain.adapter, 'plan').mockImplementation((record) => ({ ...plan(record), argv: ['--new'] }));
        return domain.crash();
      });
      await end(after);
      await print();
      expect(after.events.events).toEqual([]);
    }
  });

  it('starts when the flags are known, and does not delay the other starts of the boot', async () => {
    const { after, print } = await slowBoot(reboot);
    await after.pass(50);
    expect([after.status('a'), after.status('b')]).toEqual(['starting', 'running']);
    await print();
    expect(after.status('a')).toBe('running');
  });

  it('delays an update of its options until the twins are known', async () => {
    const { after, print } = await slowBoot(crash);
    const withoutTwins = vi.spyOn(after.adapter, 'withoutTwins');
    const updated = after.manager.update('a', { options: { ctx_size: 1 } }, { restart: false });
    await after.settle();
    expect(withoutTwins).not.toHaveBeenCalled();
    await print();
    expect((await updated).instance.options).toEqual({ ctx_size: 1 });
  });
});

describe('a boot on a faulty disk', () => {
  it('does not wait for the erasing of old folders, and reports its failure', async () => {
    const domain = new Domain();
    const { promise: erased, reject } = Promise.withResolvers<void>();
    domain.supervisor.sweep = async () => ({ erased });
    await domain.instances.boot();
    expect(domain.faults).toEqual([]);
    reject(new Error('device busy'));
    await domain.settle();
    expect(domain.faults).toHaveLength(1);
  });

  it('continues when old folders cannot be removed', async () => {
    const domain = new Domain();
    await domain.create();
    domain.supervisor.sweep = async () => {
      throw new Error('permission denied');
    };
    await domain.instances.boot();
    expect(domain.faults).toHaveLength(1);
  });

  it('adopts engines even if nothing can be stored, and stores that later', async () => {
    const before = new Domain();
    await before.createRunning('a');
    before.supervisor.close();
    const after = new Domain(before);
    after.store.failure = new Error('the disk is full');
    await after.instances.boot();
    expect(after.status('a')).toBe('running');
    expect(after.events.alerts()).toEqual(['store_failed raised']);
    after.store.failure = null;
    await after.clock.advance(1_000);
    expect(after.events.alerts()).toEqual(['store_failed raised', 'store_failed cleared']);
  });

  it('fails with the name of an instance whose engine cannot be inspected, taking it neither for alive nor for dead', async () => {
    const before = new Domain();
    await before.createRunning('a');
    before.supervisor.close();
    const after = new Domain(before);
    after.supervisor.inspect = async () => {
      throw new Error('input/output error');
    };
    await expect(after.instances.boot()).rejects.toThrow(/whether the engine of a is alive; look at \/data\/instances/);
  });
});

describe('a stray process', () => {
  const launch = (domain: Domain, instance: string): void => {
    const run = { tag: `memory.${instance}.9-x`, folder: '/data/x' };
    domain.world.launch(
      run,
      domain.adapter.plan({
        name: 'x',
        port: 8_150,
        settings: { options: {}, extra_args: [], environment: {} },
      } as never),
      {},
    );
  };

  it('is ended before anything is started, with an alert', async () => {
    const before = new Domain();
    const id = await before.create();
    launch(before, id);
    const after = await before.crash();
    await after.settle();
    expect(after.world.alive()).toEqual([]);
    expect(after.status()).toBe('stopped');
    expect(after.events.alerts()).toEqual(['stray_process raised', 'stray_process cleared']);
  });

  it('that does not end keeps its instance stopping until it is gone', async () => {
    const before = new Domain();
    const id = await before.create();
    launch(before, id);
    const stray = before.world.process(id);
    stray.endsBy = 'nothing';
    const booting = before.crash();
    await before.clock.advance(7_000);
    const after = await booting;
    expect(after.status()).toBe('stopping');
    const signal = AbortSignal.abort(new Error('not now'));
    await expect(after.manager.remove('a', { signal })).rejects.toThrow('not now');
  });

  it('is ended if its instance does not exist', async () => {
    const before = new Domain();
    launch(before, 'missing');
    const after = await before.crash();
    await after.settle();
    expect(after.world.alive()).toEqual([]);
    expect(after.events.alerts()).toEqual(['stray_process raised', 'stray_process cleared']);
  });

  it('is ended, while the current run of its instance lives on', async () => {
    const before = new Domain();
    const id = await before.createRunning();
    const { pid } = before.manager.get('a');
    launch(before, id);
    const after = await before.crash();
    await after.settle();
    expect(after.world.alive().map(({ identity }) => identity.pid)).toEqual([pid]);
    expect(after.manager.get('a')).toMatchObject({ status: 'running', pid });
  });

  it('of another data directory is left alone', async () => {
    const before = new Domain();
    before.world.launch(
      { tag: 'foreign.x.1-y', folder: '/x' },
      before.adapter.plan({
        name: 'x',
        port: 8_150,
        settings: { options: {}, extra_args: [], environment: {} },
      } as never),
      {},
    );
    const after = await before.crash();
    await after.settle();
    expect(after.world.alive()).toHaveLength(1);
  });
});

describe('after a reboot of the machine', () => {
  it('runs that a user requested are started again', async () => {
    const before = new Domain();
    await before.createRunning();
    const after = await reboot(before);
    await after.pass(50);
    expect(after.manager.get('a')).toMatchObject({
      status: 'running',
      last_exit: { reason: 'the machine was rebooted' },
    });
  });

  it('runs without auto_start are not started again', async () => {
    const before = new Domain();
    await before.createRunning('a', { auto_start: false });
    const after = await reboot(before);
    await after.pass(50);
    expect(after.status()).toBe('stopped');
  });

  it('a process that still carries a tag is a stray: it is ended, with an alert', async () => {
    const before = new Domain();
    await before.createRunning('a', { auto_start: false });
    before.world.bootId = 'boot-2';
    const after = await before.crash();
    await after.settle();
    expect(after.world.alive()).toEqual([]);
    expect(after.status()).toBe('stopped');
    expect(after.events.alerts()).toEqual(['stray_process raised', 'stray_process cleared']);
  });

  it('an instance in a backoff starts at once', async () => {
    const before = new Domain();
    const id = await before.createRunning();
    before.world.exit(id, 1, before.clock.now());
    await before.settle();
    const after = await reboot(before);
    await after.pass(50);
    expect(after.status()).toBe('running');
  });

  it('a stopping instance is stopped', async () => {
    const before = new Domain();
    await before.createRunning();
    await before.acquire();
    await before.manager.stop('a');
    await before.settle();
    const after = await reboot(before);
    expect(after.status()).toBe('stopped');
  });
});

describe('a shutdown of llamactl', () => {
  it('leaves engines running', async () => {
    const domain = new Domain();
    await domain.createRunning();
    await domain.instances.shutdown({ stopEngines: false });
    expect(domain.world.alive()).toHaveLength(1);
  });

  it('waits for a stop under way, at most five seconds', async () => {
    const domain = new Domain();
    await domain.createRunning();
    const lease = await domain.acquire();
    await domain.manager.stop('a');
    let isOver = false;
    const over = domain.instances.shutdown({ stopEngines: false }).then(() => (isOver = true));
    await domain.pass(4_900);
    expect(isOver).toBe(false);
    await domain.pass(200);
    await over;
    lease.release();
  });

  it('refuses a start whose check is under way', async () => {
    const domain = new Domain();
    await domain.create();
    const start = domain.manager.start('a').catch((error: unknown) => error);
    await domain.instances.shutdown({ stopEngines: true });
    expect(await start).toMatchObject({ code: 'SHUTTING_DOWN' });
    await domain.settle();
    expect(domain.world.processes).toEqual([]);
  });

  it('with stopEngines, stops all engines and waits for their end', async () => {
    const domain = new Domain();
    await domain.createRunning();
    const over = domain.instances.shutdown({ stopEngines: true });
    await domain.settle();
    await over;
    expect(domain.world.alive()).toEqual([]);
    expect(domain.status()).toBe('stopped');
  });
});
