import { describe, expect, it, vi } from 'vitest';
import { Domain } from '../../testing/domain.ts';

/** The manager dies at a moment; the next one takes up what is left: on the same machine, or after a reboot of it. */

async function reboot(domain: Domain): Promise<Domain> {
  domain.world.reboot(domain.clock.now());
  return domain.crash();
}

describe('after a crash of llamactl', () => {
  it('a running engine is adopted: same process, still running, leases can be had', async () => {
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

  it('an engine that was loading is waited for', async () => {
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

  it('between the spawn and the storing of its pid the engine is found all the same', async () => {
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

  it('a start that was acknowledged but not spawned yet is done now', async () => {
    const before = new Domain();
    const id = await before.create();
    await before.manager.start('a');
    expect(before.world.processes).toEqual([]);
    const after = await before.crash();
    await after.pass(50);
    expect(after.status()).toBe('running');
    expect(after.world.peak(id)).toBe(1);
  });

  it('a stop under way is finished', async () => {
    const before = new Domain();
    await before.createRunning();
    await before.acquire();
    await before.manager.stop('a');
    await before.settle();
    expect(before.status()).toBe('stopping');
    const after = await before.crash();
    await after.settle();
    expect(after.status(), 'no lease outlives us, nothing is left to drain').toBe('stopped');
    expect(after.world.alive()).toEqual([]);
  });

  it('a restart under way is finished, and comes up', async () => {
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

  it('an engine that died while we were away is a crash like any other, with its code', async () => {
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

  it('how long we were away does not make a short run a sound one', async () => {
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

  it('a backoff goes on where it was', async () => {
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

  /** How a server can leave a backoff. */
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
    'restarts in a row are counted on where the server %s in between, and given up in time',
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

  it('stopped and failed stay what they were', async () => {
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

  it('folders of instances that are no more are removed, those of others are kept', async () => {
    const before = new Domain();
    const id = await before.create();
    const after = await before.crash();
    expect(after.supervisor.swept).toEqual([{ parent: '/data/instances', keep: new Set([id]) }]);
  });
});

describe('an engine that is slow to tell what it is', () => {
  /** A boot after which `/slow` has told nothing yet, while `a` runs it, or is to. */
  async function slowBoot(end: (domain: Domain) => Promise<Domain>) {
    const before = new Domain();
    await before.createRunning('a', { command: ['/slow'] });
    await before.createRunning('b');
    const told = Promise.withResolvers<void>();
    before.adapter.slow.set('/slow', told.promise);
    const after = await end(before);
    const tell = async (): Promise<void> => {
      told.resolve();
      await after.pass(50);
    };
    return { after, tell };
  }
  const crash = (domain: Domain): Promise<Domain> => domain.crash();

  it('is adopted without that, and so are all others', async () => {
    const { after, tell } = await slowBoot(crash);
    expect([after.status('a'), after.status('b')]).toEqual(['running', 'running']);
    await after.acquire();
    await tell();
    expect(after.manager.get('a').restart_required).toBe(false);
    expect(after.events.events, 'nothing happened to it').toEqual([]);
  });

  it('is not said to need a restart by a guess; when it has told, that is known, and told', async () => {
    const { after, tell } = await slowBoot((domain) => {
      const plan = domain.adapter.plan.bind(domain.adapter);
      vi.spyOn(domain.adapter, 'plan').mockImplementation((record) => ({ ...plan(record), argv: ['--new'] }));
      return domain.crash();
    });
    expect(after.manager.get('a').restart_required).toBe(false);
    expect(after.manager.get('b').restart_required).toBe(true);
    await tell();
    expect(after.manager.get('a').restart_required).toBe(true);
    expect(after.events.events).toEqual([{ type: 'instance_updated', data: { name: 'a' } }]);
  });

  it('says nothing of a run that is being ended', async () => {
    const { after, tell } = await slowBoot(async (domain) => {
      const plan = domain.adapter.plan.bind(domain.adapter);
      vi.spyOn(domain.adapter, 'plan').mockImplementation((record) => ({ ...plan(record), argv: ['--new'] }));
      domain.world.process(domain.manager.idOf('a') ?? '').endsBy = 'nothing';
      await domain.manager.stop('a');
      return domain.crash();
    });
    expect(after.status('a')).toBe('stopping');
    await tell();
    expect(after.events.events.map(({ type }) => type)).not.toContain('instance_updated');
  });

  it('that is told when another server has taken over, or when there is none any more, is told by nobody', async () => {
    for (const end of [
      (domain: Domain) => domain.instances.handOver(() => Promise.reject(new Error('no lease'))),
      (domain: Domain) => domain.instances.shutdown({ stopEngines: false }),
    ]) {
      const { after, tell } = await slowBoot((domain) => {
        const plan = domain.adapter.plan.bind(domain.adapter);
        vi.spyOn(domain.adapter, 'plan').mockImplementation((record) => ({ ...plan(record), argv: ['--new'] }));
        return domain.crash();
      });
      await end(after);
      await tell();
      expect(after.events.events).toEqual([]);
    }
  });

  it('starts when it has told, and the others of that boot before', async () => {
    const { after, tell } = await slowBoot(reboot);
    await after.pass(50);
    expect([after.status('a'), after.status('b')]).toEqual(['starting', 'running']);
    await tell();
    expect(after.status('a')).toBe('running');
  });

  it('has told which of its options are one, before one of them is changed', async () => {
    const { after, tell } = await slowBoot(crash);
    const withoutTwins = vi.spyOn(after.adapter, 'withoutTwins');
    const updated = after.manager.update('a', { options: { ctx_size: 1 } }, { restart: false });
    await after.settle();
    expect(withoutTwins).not.toHaveBeenCalled();
    await tell();
    expect((await updated).instance.options).toEqual({ ctx_size: 1 });
  });
});

describe('a boot on a disk with faults', () => {
  it('does not wait for old folders to be erased, and says what of them cannot be', async () => {
    const domain = new Domain();
    const { promise: erased, reject } = Promise.withResolvers<void>();
    domain.supervisor.sweep = async () => ({ erased });
    await domain.instances.boot();
    expect(domain.faults).toEqual([]);
    reject(new Error('device busy'));
    await domain.settle();
    expect(domain.faults).toHaveLength(1);
  });

  it('goes on when old folders cannot be removed', async () => {
    const domain = new Domain();
    await domain.create();
    domain.supervisor.sweep = async () => {
      throw new Error('permission denied');
    };
    await domain.instances.boot();
    expect(domain.faults).toHaveLength(1);
  });

  it('takes engines up although nothing can be stored, and stores that when something can', async () => {
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

  it('names the instance whose engine cannot be looked for, and takes it neither for alive nor for dead', async () => {
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

describe('a process with our mark that should not be', () => {
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

  it('is ended before anything is started, and told', async () => {
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
    await expect(after.manager.remove('a', AbortSignal.abort(new Error('not now')))).rejects.toThrow('not now');
  });

  it('is ended when its instance does not exist', async () => {
    const before = new Domain();
    launch(before, 'nobody');
    const after = await before.crash();
    await after.settle();
    expect(after.world.alive()).toEqual([]);
    expect(after.events.alerts()).toEqual(['stray_process raised', 'stray_process cleared']);
  });

  it('is ended beside the run that should be', async () => {
    const before = new Domain();
    const id = await before.createRunning();
    const { pid } = before.manager.get('a');
    launch(before, id);
    const after = await before.crash();
    await after.settle();
    expect(after.world.alive().map(({ identity }) => identity.pid)).toEqual([pid]);
    expect(after.manager.get('a')).toMatchObject({ status: 'running', pid });
  });

  it('of another data directory is none of our business', async () => {
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
  it('runs that the user wanted come up again', async () => {
    const before = new Domain();
    await before.createRunning();
    const after = await reboot(before);
    await after.pass(50);
    expect(after.manager.get('a')).toMatchObject({
      status: 'running',
      last_exit: { reason: 'the machine was rebooted' },
    });
  });

  it('not without auto_start', async () => {
    const before = new Domain();
    await before.createRunning('a', { auto_start: false });
    const after = await reboot(before);
    await after.pass(50);
    expect(after.status()).toBe('stopped');
  });

  it('a process that lives all the same is nobody’s: it is ended, and told', async () => {
    const before = new Domain();
    await before.createRunning('a', { auto_start: false });
    before.world.bootId = 'boot-2';
    const after = await before.crash();
    await after.settle();
    expect(after.world.alive()).toEqual([]);
    expect(after.status()).toBe('stopped');
    expect(after.events.alerts()).toEqual(['stray_process raised', 'stray_process cleared']);
  });

  it('a run that waited out a backoff comes up at once', async () => {
    const before = new Domain();
    const id = await before.createRunning();
    before.world.exit(id, 1, before.clock.now());
    await before.settle();
    const after = await reboot(before);
    await after.pass(50);
    expect(after.status()).toBe('running');
  });

  it('what was stopping is stopped', async () => {
    const before = new Domain();
    await before.createRunning();
    await before.acquire();
    await before.manager.stop('a');
    await before.settle();
    const after = await reboot(before);
    expect(after.status()).toBe('stopped');
  });
});

describe('the end of llamactl', () => {
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

  it('is not outrun by a start that is still looking whether it can succeed', async () => {
    const domain = new Domain();
    await domain.create();
    const start = domain.manager.start('a').catch((error: unknown) => error);
    await domain.instances.shutdown({ stopEngines: true });
    expect(await start).toMatchObject({ code: 'SHUTTING_DOWN' });
    await domain.settle();
    expect(domain.world.processes).toEqual([]);
  });

  it('stops the engines when asked, and waits for that', async () => {
    const domain = new Domain();
    await domain.createRunning();
    const over = domain.instances.shutdown({ stopEngines: true });
    await domain.settle();
    await over;
    expect(domain.world.alive()).toEqual([]);
    expect(domain.status()).toBe('stopped');
  });
});
