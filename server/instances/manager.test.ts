import { describe, expect, it } from 'vitest';
import { Domain } from '../testing/domain.ts';
import { Moved } from './life/moved.ts';

/** What a call is refused with, for one that is answered only later. */
const refusal = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => 'not refused',
    (error: unknown) => error,
  );

const code = (expected: string): unknown => expect.objectContaining({ code: expected });

describe('create', () => {
  it('makes a stopped instance, stored before it is answered, and starts nothing', async () => {
    const domain = new Domain();
    const { instance, warnings } = await domain.manager.create({ name: 'a', model_path: '/m.gguf', port: 8_081 });
    expect(instance).toMatchObject({
      name: 'a',
      status: 'stopped',
      model_path: '/m.gguf',
      port: 8_081,
      pid: null,
      stats: null,
    });
    expect(warnings).toEqual([]);
    expect(await domain.store.load()).toHaveLength(1);
    await domain.settle();
    expect(domain.world.processes).toEqual([]);
  });

  it('assigns the lowest free port when none is named', async () => {
    const domain = new Domain();
    await domain.create('a');
    await domain.create('b', { port: 8_101 });
    await domain.create('c');
    expect(domain.manager.list().map(({ port }) => port)).toEqual([8_100, 8_101, 8_102]);
  });

  it('takes a model that is not there yet, with a warning', async () => {
    const domain = new Domain();
    domain.adapter.startProblem = { code: 'MODEL_NOT_FOUND', message: 'there is no file /m.gguf' };
    const { warnings } = await domain.manager.create({ name: 'a', model_path: '/m.gguf' });
    expect(warnings).toEqual(['there is no file /m.gguf']);
  });

  it.each([
    ['a name that exists in another case', { name: 'A' }, 'INSTANCE_EXISTS'],
    ['a port of another', { name: 'b', port: 8_100 }, 'PORT_CONFLICT'],
    ["llamactl's own port", { name: 'b', port: 8_080 }, 'PORT_CONFLICT'],
    ['an alias of another', { name: 'b', aliases: ['chat'] }, 'ALIAS_CONFLICT'],
    ['an engine that has no life', { name: 'b', engine: 'vllm' }, 'VALIDATION_ERROR'],
    ['no model where the engine needs one', { name: 'b', model_path: undefined }, 'VALIDATION_ERROR'],
  ])('refuses %s', async (_what, body, expected) => {
    const domain = new Domain();
    await domain.create('a', { aliases: ['chat'] });
    await expect(domain.manager.create({ model_path: '/m.gguf', ...body })).rejects.toEqual(code(expected));
    expect(domain.manager.list()).toHaveLength(1);
  });

  it('of two at once for one name makes one', async () => {
    const domain = new Domain();
    const outcomes = await Promise.allSettled([domain.create('a'), domain.create('A')]);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
  });

  it('leaves nothing behind when it cannot be stored', async () => {
    const domain = new Domain();
    domain.store.failure = new Error('disk full');
    await expect(domain.create('a')).rejects.toThrow('could not be stored');
    domain.store.failure = null;
    await domain.pass(10_000);
    expect(await domain.store.load(), 'nor later').toEqual([]);
    await domain.create('a');
  });
});

describe('list', () => {
  it('is oldest first and can be narrowed to a status', async () => {
    const domain = new Domain();
    await domain.create('b');
    await domain.createRunning('a');
    expect(domain.manager.list().map(({ name }) => name)).toEqual(['b', 'a']);
    expect(domain.manager.list('running').map(({ name }) => name)).toEqual(['a']);
  });
});

describe('update', () => {
  it('merges, and leaves the running engine what it has until it restarts', async () => {
    const domain = new Domain();
    await domain.createRunning('a', { options: { threads: 4 } });
    const { pid, effective_command: command } = domain.manager.get('a');
    const { instance } = await domain.manager.update('a', { options: { seed: 7 } }, { restart: false });
    expect(instance).toMatchObject({
      status: 'running',
      pid,
      restart_required: true,
      options: { threads: 4, seed: 7 },
    });
    expect(instance.effective_command).toEqual(command);
    await domain.manager.restart('a');
    await domain.pass(50);
    expect(domain.manager.get('a')).toMatchObject({ status: 'running', restart_required: false });
    expect(domain.manager.get('a').effective_command).toContain('--seed=7');
  });

  it('needs no restart for what the engine does not see', async () => {
    const domain = new Domain();
    await domain.createRunning('a');
    const { instance } = await domain.manager.update('a', { aliases: ['x'], max_restarts: 1 }, { restart: false });
    expect(instance).toMatchObject({ restart_required: false, aliases: ['x'], max_restarts: 1 });
  });

  it('restarts now when asked, and only what runs', async () => {
    const domain = new Domain();
    await domain.createRunning('a');
    await domain.create('b');
    const { instance } = await domain.manager.update('a', { options: { seed: 7 } }, { restart: true });
    expect(instance.status).toBe('restarting');
    await domain.pass(50);
    expect(domain.manager.get('a').effective_command).toContain('--seed=7');
    expect((await domain.manager.update('b', { options: { seed: 7 } }, { restart: true })).instance.status).toBe(
      'stopped',
    );
  });

  it('starts what has failed when asked, and is refused whole when that could not succeed', async () => {
    const domain = new Domain();
    await domain.createRunning('a', { auto_restart: false });
    const [engine] = domain.world.alive();
    if (engine !== undefined) domain.world.exit(engine.run, 1, domain.clock.now());
    await domain.settle();
    expect(domain.status('a')).toBe('failed');
    domain.adapter.startProblem = { code: 'MODEL_NOT_FOUND', message: 'gone' };
    await expect(domain.manager.update('a', { model_path: '/gone' }, { restart: true })).rejects.toEqual(
      code('MODEL_NOT_FOUND'),
    );
    expect(domain.manager.get('a')).toMatchObject({ status: 'failed', model_path: '/m.gguf' });
    domain.adapter.startProblem = null;
    const { instance } = await domain.manager.update('a', { options: { seed: 7 } }, { restart: true });
    expect(instance.status).toBe('starting');
    await domain.pass(50);
    expect(domain.manager.get('a').effective_command).toContain('--seed=7');
  });

  it('is stored for a stopped instance whatever a start would say', async () => {
    const domain = new Domain();
    await domain.create();
    domain.adapter.startProblem = { code: 'MODEL_NOT_FOUND', message: 'gone' };
    const { instance } = await domain.manager.update('a', { model_path: '/later' }, { restart: true });
    expect(instance).toMatchObject({ status: 'stopped', model_path: '/later' });
  });

  it('of a port during a start is what the start takes', async () => {
    const domain = new Domain();
    await domain.create('a', { port: 9_000 });
    domain.adapter.learn = async () => {
      domain.adapter.learn = async () => {};
      await domain.manager.update('a', { port: 9_001 }, { restart: false });
    };
    await domain.manager.start('a');
    await domain.settle();
    expect(domain.manager.get('a')).toMatchObject({ status: 'running', port: 9_001, restart_required: false });
    expect(domain.world.alive().map(({ plan }) => plan.port)).toEqual([9_001]);
  });

  it('is refused whole when the restart could not succeed', async () => {
    const domain = new Domain();
    await domain.createRunning('a');
    domain.adapter.startProblem = { code: 'MODEL_NOT_FOUND', message: 'gone' };
    await expect(domain.manager.update('a', { model_path: '/gone' }, { restart: true })).rejects.toEqual(
      code('MODEL_NOT_FOUND'),
    );
    expect(domain.manager.get('a')).toMatchObject({
      status: 'running',
      model_path: '/m.gguf',
      restart_required: false,
    });
  });

  it('holds to If-Match: what was read must still be so', async () => {
    const domain = new Domain();
    await domain.create('a');
    const ifMatch = domain.manager.entityTag('a');
    await domain.manager.update('a', { unlisted: true }, { ifMatch, restart: false });
    await expect(domain.manager.update('a', { unlisted: false }, { ifMatch, restart: false })).rejects.toEqual(
      code('PRECONDITION_FAILED'),
    );
    await domain.manager.update(
      'a',
      { unlisted: false },
      { ifMatch: `"x", ${domain.manager.entityTag('a')}`, restart: false },
    );
    await domain.manager.update('a', { unlisted: true }, { ifMatch: '*', restart: false });
  });

  it('loses neither of two at once', async () => {
    const domain = new Domain();
    await domain.create('a');
    await Promise.all([
      domain.manager.update('a', { options: { one: 1 } }, { restart: false }),
      domain.manager.update('a', { options: { two: 2 } }, { restart: false }),
    ]);
    expect(domain.manager.get('a').options).toEqual({ one: 1, two: 2 });
  });

  it('cannot change the name, but may repeat it', async () => {
    const domain = new Domain();
    await domain.create('a');
    await domain.manager.update('a', { name: 'a', unlisted: true }, { restart: false });
    await expect(domain.manager.update('a', { name: 'b' }, { restart: false })).rejects.toEqual(
      code('VALIDATION_ERROR'),
    );
  });

  it('keeps a port that is named, and has one chosen for null', async () => {
    const domain = new Domain();
    await domain.create('a', { port: 9_000 });
    await domain.manager.update('a', { port: null }, { restart: false });
    expect(domain.manager.get('a').port).toBe(8_100);
  });
});

describe('start', () => {
  it('answers at once with starting, and again with what it is then', async () => {
    const domain = new Domain();
    await domain.create('a');
    domain.world.defaults.isReady = false;
    expect(await domain.manager.start('a')).toBe('starting');
    expect(await domain.manager.start('a')).toBe('starting');
    await domain.pass(50);
    domain.world.ready(domain.world.alive()[0]?.run ?? '');
    await domain.pass(50);
    expect(await domain.manager.start('a')).toBe('running');
    expect(domain.world.processes).toHaveLength(1);
    expect(domain.events.statuses('a')).toEqual(['starting', 'running']);
  });

  it.each(['MODEL_NOT_FOUND', 'ENGINE_NOT_FOUND'] as const)(
    'is refused with %s before anything happens',
    async (problem) => {
      const domain = new Domain();
      await domain.create('a');
      domain.adapter.startProblem = { code: problem, message: 'not there' };
      await expect(domain.manager.start('a')).rejects.toEqual(code(problem));
      expect(domain.status()).toBe('stopped');
    },
  );

  it('is refused when a foreign process has the named port', async () => {
    const domain = new Domain();
    await domain.create('a', { port: 9_000 });
    domain.world.foreignPorts.set(9_000, { pid: 77, description: 'nginx (pid 77)' });
    await expect(domain.manager.start('a')).rejects.toThrow('Port 9000 is in use by nginx (pid 77)');
    expect(domain.alerts.list()).toMatchObject([{ level: 'error', code: 'port_clash', instance: 'a' }]);
  });

  it('is told of before, in the health, without anything being raised', async () => {
    const domain = new Domain();
    await domain.create('a', { port: 9_000 });
    const obstacle = async (): Promise<unknown> => (await domain.manager.health('a')).start_obstacle;
    expect(await obstacle()).toBeUndefined();
    domain.world.foreignPorts.set(9_000, { pid: 77, description: 'nginx (pid 77)' });
    await domain.pass(1_000);
    expect(await obstacle()).toEqual({
      code: 'PORT_IN_USE',
      message: 'Port 9000 is in use by nginx (pid 77); end it, or give a another port.',
    });
    domain.adapter.startProblem = { code: 'ENGINE_NOT_FOUND', message: 'no llama-server' };
    await domain.pass(1_000);
    expect(await obstacle()).toEqual({ code: 'ENGINE_NOT_FOUND', message: 'no llama-server' });
    expect(domain.alerts.list()).toEqual([]);
  });

  it('moves on when a foreign process has a port that llamactl chose', async () => {
    const domain = new Domain();
    await domain.create('a');
    domain.world.foreignPorts.set(8_100, { pid: 77, description: 'nginx (pid 77)' });
    domain.world.foreignPorts.set(8_101, { pid: 77, description: 'nginx (pid 77)' });
    await domain.manager.start('a');
    await domain.pass(50);
    expect(domain.manager.get('a')).toMatchObject({ status: 'running', port: 8_102 });
    const [stored] = await domain.store.load();
    expect(stored?.record.port).toBe(8_102);
  });

  it('waits for the outcome when asked: running, or the reason', async () => {
    const domain = new Domain();
    await domain.create('a');
    const running = domain.manager.start('a', { wait: true });
    await domain.pass(50);
    expect(await running).toBe('running');

    await domain.create('b');
    domain.supervisor.spawnFailures.push('there is no /bin/sh');
    const failing = refusal(domain.manager.start('b', { wait: true }));
    await domain.pass(50);
    expect(await failing).toMatchObject({ code: 'START_FAILED', extras: { reason: 'there is no /bin/sh' } });
    expect(domain.manager.get('b')).toMatchObject({ status: 'failed', reason: 'there is no /bin/sh' });
  });

  it('with wait answers what is stored', async () => {
    const domain = new Domain();
    await domain.create('a');
    const stored = async (): Promise<unknown> => (await domain.store.load()).map(({ state }) => state.status);
    const running = domain.manager.start('a', { wait: true }).then(stored);
    await domain.pass(50);
    expect(await running).toEqual(['running']);
    const stopped = domain.manager.stop('a', { wait: true }).then(stored);
    await domain.settle();
    expect(await stopped).toEqual(['stopped']);
  });

  it('fails with the cause from the output when the engine dies while loading', async () => {
    const domain = new Domain();
    const id = await domain.create('a');
    domain.world.defaults.isReady = false;
    domain.output.set(
      '*',
      Array.from({ length: 30 }, (_unused, line) => `line ${line}`),
    );
    await domain.manager.start('a');
    await domain.pass(20);
    domain.world.exit(id, 1, domain.clock.now());
    await domain.settle();
    const instance = domain.manager.get('a');
    expect(instance).toMatchObject({
      status: 'failed',
      reason: 'line 29',
      pid: null,
      last_exit: { code: 1, reason: 'line 29' },
    });
    expect(instance.last_exit?.lines).toHaveLength(20);
  });

  it('is not left waiting for ever by a fault of ours', async () => {
    const domain = new Domain();
    await domain.create();
    const { endpoint } = domain.world;
    const probe = endpoint.probe.bind(endpoint);
    endpoint.probe = async () => {
      throw new Error('no descriptors left');
    };
    await domain.manager.start('a');
    await domain.settle();
    expect(domain.faults).toHaveLength(1);
    endpoint.probe = probe;
    await domain.pass(1_000);
    expect(domain.status()).toBe('running');
  });

  it('is given up after start_timeout without progress', async () => {
    const domain = new Domain();
    await domain.create('a');
    domain.world.defaults.isReady = false;
    await domain.manager.start('a');
    await domain.pass(605_000);
    expect(domain.manager.get('a')).toMatchObject({
      status: 'failed',
      reason: expect.stringContaining('no progress for 600 s') as unknown,
    });
    expect(domain.world.alive()).toEqual([]);
  });
});

describe('stop', () => {
  it('answers stopping, then is stopped', async () => {
    const domain = new Domain();
    await domain.createRunning();
    expect(await domain.manager.stop('a')).toBe('stopping');
    await domain.settle();
    expect(domain.status()).toBe('stopped');
    expect(domain.manager.get('a').last_exit).toMatchObject({ code: 0, reason: 'stopped as asked' });
  });

  it('of a stopped instance is fine', async () => {
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

  it('breaks them when their time is over', async () => {
    const domain = new Domain();
    await domain.createRunning();
    const lease = await domain.acquire();
    await domain.manager.stop('a', { timeout: 5 });
    await domain.pass(5_000);
    expect(lease.signal.aborted).toBe(true);
    expect(domain.status()).toBe('stopped');
  });

  it('with a shorter time wins over a longer one under way', async () => {
    const domain = new Domain();
    await domain.createRunning();
    await domain.acquire();
    await domain.manager.stop('a', { timeout: 60 });
    await domain.manager.stop('a', { timeout: 2 });
    await domain.pass(2_000);
    expect(domain.status()).toBe('stopped');
  });

  it('with force kills at once, also while a gentle one drains', async () => {
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

  it('reaches an engine that loads', async () => {
    const domain = new Domain();
    await domain.create();
    domain.world.defaults.isReady = false;
    await domain.manager.start('a');
    await domain.pass(50);
    expect(await domain.manager.stop('a')).toBe('stopping');
    await domain.settle();
    expect(domain.status()).toBe('stopped');
  });

  it('reaches a start whose process is just being made', async () => {
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

  it('wins over a start that is still looking whether it can succeed', async () => {
    const domain = new Domain();
    await domain.create();
    await Promise.all([domain.manager.start('a'), domain.manager.stop('a')]);
    await domain.settle();
    expect(domain.status()).toBe('stopped');
    expect(domain.world.processes).toEqual([]);
  });

  it('stays stopping, with port and pid, when even SIGKILL does not end it, and says so', async () => {
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

  it('waits for the outcome when asked', async () => {
    const domain = new Domain();
    await domain.createRunning();
    const stopped = domain.manager.stop('a', { wait: true });
    await domain.settle();
    expect(await stopped).toBe('stopped');
  });
});

describe('restart', () => {
  it('answers restarting and comes up with another process', async () => {
    const domain = new Domain();
    const id = await domain.createRunning();
    expect(await domain.manager.restart('a')).toBe('restarting');
    await domain.pass(50);
    expect(domain.status()).toBe('running');
    expect(domain.world.processes).toHaveLength(2);
    expect(domain.world.peak(id)).toBe(1);
    expect(domain.manager.get('a').restart_count, 'nobody crashed').toBe(0);
  });

  it('keeps the output of the last ten runs, not of all', async () => {
    const domain = new Domain();
    const id = await domain.createRunning();
    expect(domain.supervisor.pruned).toEqual([{ parent: `/data/instances/${id}/runs`, newest: 10 }]);
  });

  it('starts what is stopped', async () => {
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

  it('does not take its own engine for a foreign one, not even one that ends while it is looked at', async () => {
    const domain = new Domain();
    const id = await domain.createRunning('a', { port: 9_000 });
    domain.supervisor.portHolder = async () => {
      domain.world.exit(id, 1, domain.clock.now());
      return { pid: 1, description: 'the engine of a' };
    };
    expect(await domain.manager.restart('a')).toBe('restarting');
  });

  it('does not take its own running engine for a foreign one on a named port', async () => {
    const domain = new Domain();
    await domain.createRunning('a', { port: 9_000 });
    expect(await domain.manager.restart('a')).toBe('restarting');
  });
});

describe('a crash of an engine', () => {
  it('is answered with a backoff that doubles, and with failed in the end', async () => {
    const domain = new Domain();
    const id = await domain.createRunning();
    for (const delay of [1, 2, 4, 8, 16]) {
      domain.world.exit(id, 1, domain.clock.now());
      await domain.settle();
      expect(domain.manager.get('a')).toMatchObject({ status: 'restarting', pid: null, stats: null });
      await domain.pass(delay * 1_000 - 1);
      expect(domain.status(), `before ${delay} s are over`).toBe('restarting');
      await domain.pass(50);
      expect(domain.status(), `after ${delay} s`).toBe('running');
    }
    domain.world.exit(id, 1, domain.clock.now());
    await domain.settle();
    expect(domain.manager.get('a')).toMatchObject({
      status: 'failed',
      reason: expect.stringContaining('gave up after 5') as unknown,
    });
  });

  it('is answered too when the exit code is 0', async () => {
    const domain = new Domain();
    const id = await domain.createRunning();
    domain.world.exit(id, 0, domain.clock.now());
    await domain.settle();
    expect(domain.status()).toBe('restarting');
  });

  it('breaks the leases', async () => {
    const domain = new Domain();
    const id = await domain.createRunning();
    const lease = await domain.acquire();
    domain.world.exit(id, 1, domain.clock.now());
    await domain.settle();
    expect(lease.signal.aborted).toBe(true);
  });

  it('can be stopped during the backoff, and started without waiting for its end', async () => {
    const domain = new Domain();
    const id = await domain.createRunning();
    domain.world.exit(id, 1, domain.clock.now());
    await domain.settle();
    expect(await domain.manager.start('a')).toBe('starting');
    await domain.pass(50);
    domain.world.exit(id, 1, domain.clock.now());
    await domain.settle();
    expect(await domain.manager.stop('a')).toBe('stopped');
    await domain.pass(120_000);
    expect(domain.world.alive()).toEqual([]);
  });
});

describe('a hung engine', () => {
  it('is restarted when it misses its health checks and nobody uses it', async () => {
    const domain = new Domain();
    const id = await domain.createRunning();
    const first = domain.world.process(id);
    first.isReady = false;
    await domain.pass(31_000);
    expect(domain.manager.get('a')).toMatchObject({
      status: 'restarting',
      reason: expect.stringContaining('health check') as unknown,
    });
    expect(first.exit).toMatchObject({ code: 137 });
    await domain.pass(1_100);
    expect(domain.status()).toBe('running');
  });

  it('is restarted although requests are open, when nothing moves', async () => {
    const { domain, first } = await leased();
    first.isReady = false;
    await domain.pass(31_000);
    expect(domain.manager.get('a')).toMatchObject({
      status: 'restarting',
      reason: expect.stringContaining('no tokens, output, CPU time or reads') as unknown,
    });
    expect(first.exit).toMatchObject({ code: 137 });
  });

  it('is none while it works for somebody: tokens pass, or it computes', async () => {
    const { domain, first, lease } = await leased();
    first.isReady = false;
    for (let second = 0; second < 120; second += 1) {
      if (second < 60) lease.passed(Buffer.from('data: {}'));
      else first.progress.cpuTicks += 100;
      await domain.pass(1_000);
    }
    expect(domain.status()).toBe('running');
    expect(first.exit).toBeNull();
  });

  it('is not told from a busy one by the comments of its streams', async () => {
    const { domain, first, lease } = await leased();
    first.isReady = false;
    for (let second = 0; second < 40; second += 1) {
      lease.passed(Buffer.from(': ping\n\n'));
      await domain.pass(1_000);
    }
    expect(first.exit).toMatchObject({ code: 137 });
  });

  it('is not one whose last caller has just left', async () => {
    const { domain, first, lease } = await leased();
    first.isReady = false;
    const work = async (seconds: number): Promise<void> => {
      for (let second = 0; second < seconds; second += 1) {
        first.progress.cpuTicks += 100;
        await domain.pass(1_000);
      }
    };
    await work(12);
    lease.release();
    await work(12);
    expect(domain.status()).toBe('running');
  });

  async function leased() {
    const domain = new Domain();
    const id = await domain.createRunning();
    return { domain, first: domain.world.process(id), lease: await domain.acquire() };
  }
});

describe('an engine that computes less on GPUs than was asked for', () => {
  const told = (domain: Domain): string[] =>
    domain.alerts.list().map(({ level, code: alert, message }) => `${level} ${alert}: ${message}`);
  const ALERT =
    'warning gpu_offload_short: the engine offloaded 12/33 layers to GPU; the processor computes the rest, which is slower';

  it('raises an alert, which is over with the run', async () => {
    const domain = new Domain();
    domain.adapter.gpus = { kind: 'less', shortfall: 'offloaded 12/33 layers to GPU' };
    await domain.createRunning();
    expect(told(domain)).toEqual([ALERT]);
    domain.adapter.gpus = { kind: 'as asked' };
    await domain.manager.restart('a');
    await domain.pass(1_000);
    expect(domain.status()).toBe('running');
    expect(told(domain)).toEqual([]);
  });

  it('says that all is left to the processor where no GPU takes any', async () => {
    const domain = new Domain();
    domain.adapter.gpus = { kind: 'less', shortfall: 'found no usable GPU, so none of its layers is offloaded' };
    await domain.createRunning();
    expect(told(domain)).toEqual([
      'warning gpu_offload_short: the engine found no usable GPU, so none of its layers is offloaded; the processor computes all of it, which is slower',
    ]);
  });

  it('still raises it when another server takes it up, whatever is left of its log', async () => {
    const before = new Domain();
    before.adapter.gpus = { kind: 'less', shortfall: 'offloaded 12/33 layers to GPU' };
    await before.createRunning();
    before.adapter.gpus = { kind: 'unclear' };
    const after = await before.crash();
    expect(told(after)).toEqual([ALERT]);
  });

  it('is not looked for where nobody asked', async () => {
    const domain = new Domain();
    await domain.createRunning();
    expect(told(domain)).toEqual([]);
  });
});

/** Files of deleted instances that are not gone before `resolve`. */
function holdErasing({ supervisor }: Domain): { folders: string[]; resolve: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  const folders: string[] = [];
  supervisor.discard = (folder) => {
    folders.push(folder);
    return promise;
  };
  return { folders, resolve };
}

describe('delete', () => {
  it('leaves nothing: no name, no port, no files', async () => {
    const domain = new Domain();
    const id = await domain.create('a', { port: 9_000 });
    await domain.manager.remove('a');
    expect(() => domain.manager.get('a')).toThrow(/no instance "a"/);
    expect(domain.supervisor.discarded).toEqual([`/data/instances/${id}`]);
    expect(await domain.store.load()).toEqual([]);
    await domain.create('a', { port: 9_000 });
  });

  it('is refused while it runs, naming the process', async () => {
    const domain = new Domain();
    const id = await domain.createRunning();
    const { pid } = domain.world.process(id).identity;
    await expect(domain.manager.remove('a')).rejects.toThrow(`a is running (process ${pid}); stop it first.`);
  });

  it('right after a stop waits for it', async () => {
    const domain = new Domain();
    await domain.createRunning();
    const lease = await domain.acquire();
    await domain.manager.stop('a');
    const removed = domain.manager.remove('a');
    await domain.settle();
    expect(domain.manager.list()).toHaveLength(1);
    lease.release();
    await domain.settle();
    await removed;
    expect(domain.manager.list()).toEqual([]);
  });

  it('waits no longer than the stop may take and ten seconds', async () => {
    const domain = new Domain();
    const id = await domain.createRunning();
    domain.world.process(id).endsBy = 'nothing';
    await domain.manager.stop('a', { timeout: 5 });
    const refused = refusal(domain.manager.remove('a'));
    await domain.pass(15_001);
    expect(await refused).toMatchObject({
      message: expect.stringMatching(/still stopping: process \d+ has not ended/) as unknown,
    });
  });

  it('does not wait for a drain that was cut short by force', async () => {
    const domain = new Domain();
    const id = await domain.createRunning();
    domain.world.process(id).endsBy = 'nothing';
    await domain.manager.stop('a', { timeout: 600 });
    await domain.manager.stop('a', { force: true });
    const refused = refusal(domain.manager.remove('a'));
    await domain.pass(10_001);
    expect(await refused).toEqual(code('INSTANCE_RUNNING'));
  });

  it('gives way to a start that comes in meanwhile', async () => {
    const domain = new Domain();
    await domain.createRunning();
    await domain.acquire();
    await domain.manager.stop('a');
    const refused = refusal(domain.manager.remove('a'));
    await domain.manager.start('a');
    await domain.settle();
    expect(await refused).toEqual(code('INSTANCE_RUNNING'));
  });

  it('in parallel succeeds for all', async () => {
    const domain = new Domain();
    await domain.createRunning();
    await domain.manager.stop('a');
    const removals = Promise.all([domain.manager.remove('a'), domain.manager.remove('a'), domain.manager.remove('a')]);
    await domain.settle();
    await removals;
  });

  it('is made before its files are gone: name and port are free, and whoever listens has heard of it', async () => {
    const domain = new Domain();
    const id = await domain.create('a', { port: 9_000 });
    const gone = holdErasing(domain);
    let isAnswered = false;
    const removed = domain.manager.remove('a').then(() => (isAnswered = true));
    await domain.settle();
    expect(domain.events.events.at(-1)).toMatchObject({ type: 'instance_deleted' });
    const next = await domain.create('a', { port: 9_000 });
    expect(next).not.toBe(id);
    expect(isAnswered).toBe(false);
    gone.resolve();
    await removed;
    expect(gone.folders).toEqual([`/data/instances/${id}`]);
  });

  it('in parallel succeeds for all, also for who comes while its files are being erased', async () => {
    const domain = new Domain();
    await domain.create('a');
    const gone = holdErasing(domain);
    const first = domain.manager.remove('a');
    await domain.settle();
    const second = domain.manager.remove('A');
    gone.resolve();
    await Promise.all([first, second]);
    await expect(domain.manager.remove('a')).rejects.toThrow(/no instance "a"/);
  });

  it('is answered without waiting for the files when another server goes on', async () => {
    const domain = new Domain();
    await domain.create('a');
    holdErasing(domain);
    const moved = new AbortController();
    const removed = domain.manager.remove('a', moved.signal);
    await domain.settle();
    moved.abort(new Moved());
    await removed;
    expect(await domain.store.load()).toEqual([]);
  });

  it('that cannot be stored leaves the instance as it was', async () => {
    const domain = new Domain();
    await domain.create();
    domain.store.failure = new Error('disk full');
    await expect(domain.manager.remove('a')).rejects.toThrow('could not be stored');
    domain.store.failure = null;
    await domain.manager.start('a');
    await domain.pass(50);
    expect(domain.status()).toBe('running');
  });

  it('that cannot be stored leaves one that failed as it was, with its reason', async () => {
    const domain = new Domain();
    const id = await domain.createRunning('a', { auto_restart: false });
    domain.world.exit(id, 1, domain.clock.now());
    await domain.settle();
    const before = domain.manager.get('a');
    const told = domain.events.statuses('a');
    domain.store.failure = new Error('disk full');
    await expect(domain.manager.remove('a')).rejects.toThrow('could not be stored');
    expect(domain.manager.get('a')).toEqual({ ...before, status: 'failed' });
    expect(domain.events.statuses('a')).toEqual(told);
  });

  it('stores what was told of the instance and could not be stored before', async () => {
    const domain = new Domain();
    const id = await domain.createRunning('a', { auto_restart: false });
    domain.store.failure = new Error('disk full');
    domain.world.exit(id, 1, domain.clock.now());
    await domain.settle();
    expect(domain.status()).toBe('failed');
    await expect(domain.manager.remove('a')).rejects.toThrow('could not be stored');
    domain.store.failure = null;
    await domain.manager.remove('a');
    expect(domain.store.events.slice(-2).map(({ event }) => [event.type, event.data])).toMatchObject([
      ['instance_status_changed', { status: 'failed' }],
      ['instance_deleted', { name: 'a' }],
    ]);
  });

  it('that cannot be stored ends a backoff all the same, and that is told and stored', async () => {
    const domain = new Domain();
    const id = await domain.createRunning();
    domain.world.exit(id, 1, domain.clock.now());
    await domain.settle();
    domain.store.failure = new Error('disk full');
    await expect(domain.manager.remove('a')).rejects.toThrow('could not be stored');
    expect([domain.status(), domain.events.statuses('a').at(-1)]).toEqual(['stopped', 'stopped']);
    domain.store.failure = null;
    await domain.pass(1_000);
    expect((await domain.store.load())[0]?.state.status).toBe('stopped');
  });
});

describe('a disk that is full or broken', () => {
  it('lets commands take effect, says that they could not be stored, and raises an alert until they are', async () => {
    const domain = new Domain();
    await domain.createRunning();
    domain.store.failure = new Error('disk full');
    await expect(domain.manager.stop('a')).rejects.toThrow('A start or stop has taken effect all the same');
    await domain.settle();
    expect(domain.status()).toBe('stopped');
    expect(domain.alerts.list()).toMatchObject([{ code: 'store_failed', level: 'error' }]);
    domain.store.failure = null;
    await domain.pass(1_000);
    expect(domain.alerts.list()).toEqual([]);
    expect((await domain.store.load())[0]?.state.status).toBe('stopped');
  });

  it('makes no update effective that it refuses', async () => {
    const domain = new Domain();
    await domain.create('a', { options: { seed: 1 } });
    const tag = domain.manager.entityTag('a');
    domain.store.failure = new Error('disk full');
    await expect(domain.manager.update('a', { options: { seed: 2 } }, { restart: false })).rejects.toThrow(
      'could not be stored',
    );
    expect(domain.manager.get('a').options).toEqual({ seed: 1 });
    expect(domain.manager.entityTag('a')).toBe(tag);
  });

  it('keeps neither name nor port of an instance whose files cannot be removed', async () => {
    const domain = new Domain();
    await domain.create('a', { port: 9_000 });
    domain.supervisor.discard = async () => {
      throw new Error('device busy');
    };
    await domain.manager.remove('a');
    expect(domain.faults).toHaveLength(1);
    expect(domain.events.events.at(-1)).toMatchObject({ type: 'instance_deleted' });
    await domain.create('a', { port: 9_000 });
  });

  it('does not hide that an engine ended when its output cannot be read', async () => {
    const domain = new Domain();
    const id = await domain.createRunning();
    domain.outputFault = new Error('input/output error');
    domain.world.exit(id, 1, domain.clock.now());
    await domain.settle();
    expect(domain.status()).toBe('restarting');
  });
});

it('the engines that are ready are told with their addresses, and asking for them is no use of them', async () => {
  const domain = new Domain();
  const id = await domain.createRunning('a', { idle_timeout: 60 });
  await domain.create('b');
  const key = domain.world.process(id).secrets['FAKE_KEY'] ?? null;
  await domain.pass(59_000);
  const target = { port: 8_100, healthPath: '/health', key };
  expect(domain.instances.readyEngines()).toMatchObject([{ name: 'a', target }]);
  await domain.pass(1_000);
  expect(domain.instances.readyEngines()).toEqual([]);
});

describe('acquire', () => {
  it('lends a running engine by name or alias, with the key of its run', async () => {
    const domain = new Domain();
    const id = await domain.createRunning('a', { aliases: ['org/chat'] });
    const lease = await domain.acquire('org/chat');
    expect(lease.target).toMatchObject({
      port: 8_100,
      healthPath: '/health',
      key: domain.world.process(id).secrets['FAKE_KEY'],
    });
  });

  it('refuses one that does not run, with the reason', async () => {
    const domain = new Domain();
    const id = await domain.createRunning('a', { auto_restart: false });
    domain.world.exit(id, 1, domain.clock.now());
    await domain.settle();
    const refused = domain.acquire();
    await expect(refused).rejects.toMatchObject({
      code: 'INSTANCE_NOT_RUNNING',
      extras: { reason: 'the engine ended with 1' },
    });
  });
});

describe('start-all and stop-all', () => {
  it('take what they can, and one failure does not stop the others', async () => {
    const domain = new Domain();
    await domain.create('a');
    await domain.create('b', { port: 9_000 });
    await domain.createRunning('c');
    domain.world.foreignPorts.set(9_000, { pid: 1, description: 'something' });
    expect(await domain.manager.startAll()).toEqual([
      { name: 'a', status: 'starting' },
      { name: 'b', status: 'stopped', error: expect.stringContaining('Port 9000') as unknown },
    ]);
    await domain.pass(50);
    expect(await domain.manager.stopAll()).toEqual([
      { name: 'a', status: 'stopping' },
      { name: 'c', status: 'stopping' },
    ]);
  });

  it('take a failed one and a restarting one too', async () => {
    const domain = new Domain();
    const a = await domain.createRunning('a', { auto_restart: false });
    const b = await domain.createRunning('b');
    domain.world.exit(a, 1, domain.clock.now());
    domain.world.exit(b, 1, domain.clock.now());
    await domain.settle();
    expect(await domain.manager.startAll()).toEqual([{ name: 'a', status: 'starting' }]);
    expect(await domain.manager.stopAll(['b'])).toEqual([{ name: 'b', status: 'stopped' }]);
  });
});
