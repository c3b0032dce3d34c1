import { describe, expect, it } from 'vitest';
import { Domain } from '../testing/domain.ts';
import { Moved } from './use-cases.ts';

/** The error of a call that is answered later. */
const refusal = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => 'not refused',
    (error: unknown) => error,
  );

const code = (expected: string): unknown => expect.objectContaining({ code: expected });

describe('create', () => {
  it('makes a stopped instance, stores it before answering, and starts nothing', async () => {
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

  it('accepts a missing model file with a warning', async () => {
    const domain = new Domain();
    domain.adapter.startProblem = { code: 'MODEL_NOT_FOUND', message: 'there is no file /m.gguf' };
    const { warnings } = await domain.manager.create({ name: 'a', model_path: '/m.gguf' });
    expect(warnings).toEqual(['there is no file /m.gguf']);
  });

  it.each([
    ['a name that exists in another case', { name: 'A' }, 'INSTANCE_EXISTS'],
    ['a port of another instance', { name: 'b', port: 8_100 }, 'PORT_CONFLICT'],
    ["llamactl's own port", { name: 'b', port: 8_080 }, 'PORT_CONFLICT'],
    ['an alias of another instance', { name: 'b', aliases: ['chat'] }, 'ALIAS_CONFLICT'],
    ['an engine that is not configured', { name: 'b', engine: 'vllm' }, 'VALIDATION_ERROR'],
    ['no model where the engine needs one', { name: 'b', model_path: undefined }, 'VALIDATION_ERROR'],
  ])('refuses %s', async (_what, body, expected) => {
    const domain = new Domain();
    await domain.create('a', { aliases: ['chat'] });
    await expect(domain.manager.create({ model_path: '/m.gguf', ...body })).rejects.toEqual(code(expected));
    expect(domain.manager.list()).toHaveLength(1);
  });

  it('makes one instance of two concurrent creates with the same name', async () => {
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
  it('is oldest first and can be filtered by status', async () => {
    const domain = new Domain();
    await domain.create('b');
    await domain.createRunning('a');
    expect(domain.manager.list().map(({ name }) => name)).toEqual(['b', 'a']);
    expect(domain.manager.list('running').map(({ name }) => name)).toEqual(['a']);
  });
});

describe('update', () => {
  it('merges the settings; a running engine keeps its old ones until it restarts', async () => {
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

  it('needs no restart for settings that do not reach the engine', async () => {
    const domain = new Domain();
    await domain.createRunning('a');
    const { instance } = await domain.manager.update('a', { aliases: ['x'], max_restarts: 1 }, { restart: false });
    expect(instance).toMatchObject({ restart_required: false, aliases: ['x'], max_restarts: 1 });
  });

  it('with restart, restarts a running instance and starts no stopped one', async () => {
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

  it('with restart, starts a failed instance, and is refused completely when the start could not succeed', async () => {
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

  it('warns about a model file that is missing, as for a new instance', async () => {
    const domain = new Domain();
    await domain.create();
    domain.adapter.startProblem = { code: 'MODEL_NOT_FOUND', message: 'there is no file /later' };
    const { warnings } = await domain.manager.update('a', { model_path: '/later' }, { restart: false });
    expect(warnings).toEqual(['there is no file /later']);
    expect((await domain.manager.update('a', { idle_timeout: 5 }, { restart: false })).warnings).toEqual([]);
  });

  it('is stored for a stopped instance even if it could not start', async () => {
    const domain = new Domain();
    await domain.create();
    domain.adapter.startProblem = { code: 'MODEL_NOT_FOUND', message: 'gone' };
    const { instance } = await domain.manager.update('a', { model_path: '/later' }, { restart: true });
    expect(instance).toMatchObject({ status: 'stopped', model_path: '/later' });
  });

  it('of the port during a start applies to that start', async () => {
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

  it('is refused completely when the restart could not succeed', async () => {
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

  it('is refused when If-Match names an older version', async () => {
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

  it('that changes nothing is no new version, and no event', async () => {
    const domain = new Domain();
    await domain.create('a', { pinned: true });
    const { updated_at: before } = domain.manager.get('a');
    const tag = domain.manager.entityTag('a');
    const seen = domain.events.events.length;
    await domain.pass(1_000);
    await domain.manager.update('a', { pinned: true, options: {} }, { restart: false });
    expect([domain.manager.get('a').updated_at, domain.manager.entityTag('a')]).toEqual([before, tag]);
    expect(domain.events.events).toHaveLength(seen);
  });

  it('loses neither of two concurrent updates', async () => {
    const domain = new Domain();
    await domain.create('a');
    await Promise.all([
      domain.manager.update('a', { options: { one: 1 } }, { restart: false }),
      domain.manager.update('a', { options: { two: 2 } }, { restart: false }),
    ]);
    expect(domain.manager.get('a').options).toEqual({ one: 1, two: 2 });
  });

  it('refuses another name, but accepts the same name', async () => {
    const domain = new Domain();
    await domain.create('a');
    await domain.manager.update('a', { name: 'a', unlisted: true }, { restart: false });
    await expect(domain.manager.update('a', { name: 'b' }, { restart: false })).rejects.toEqual(
      code('VALIDATION_ERROR'),
    );
  });

  it('keeps a named port, and chooses one for null', async () => {
    const domain = new Domain();
    await domain.create('a', { port: 9_000 });
    await domain.manager.update('a', { port: null }, { restart: false });
    expect(domain.manager.get('a').port).toBe(8_100);
  });
});

describe('start', () => {
  it('answers at once with starting, and later with the current status', async () => {
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

  it('has its obstacle in the health beforehand, without raising an alert', async () => {
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

  it('chooses another port when a foreign process has the port that llamactl chose', async () => {
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

  it('with wait, resolves to running or rejects with the reason', async () => {
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

  it('with wait, answers after the state is stored', async () => {
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

  it('does not wait without end after an internal error', async () => {
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

describe('a crash of an engine', () => {
  it('leads to a doubling backoff, and finally to failed', async () => {
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

  it('leads to a restart even if the exit code is 0', async () => {
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

  it('leads to a backoff in which stop and start work at once', async () => {
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
  it('is restarted when it misses its health checks without open requests', async () => {
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

  it('is restarted with open requests when nothing moves', async () => {
    const { domain, first } = await leased();
    first.isReady = false;
    await domain.pass(31_000);
    expect(domain.manager.get('a')).toMatchObject({
      status: 'restarting',
      reason: expect.stringContaining('no tokens, output, CPU time or reads') as unknown,
    });
    expect(first.exit).toMatchObject({ code: 137 });
  });

  it('is not assumed while tokens pass or the engine computes', async () => {
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

  it('does not count as busy because of comments in its streams', async () => {
    const { domain, first, lease } = await leased();
    first.isReady = false;
    for (let second = 0; second < 40; second += 1) {
      lease.passed(Buffer.from(': ping\n\n'));
      await domain.pass(1_000);
    }
    expect(first.exit).toMatchObject({ code: 137 });
  });

  it('is not assumed when the last caller has just left', async () => {
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

describe('an engine that uses GPUs less than requested', () => {
  const alertsOf = (domain: Domain): string[] =>
    domain.alerts.list().map(({ level, code: alert, message }) => `${level} ${alert}: ${message}`);
  const ALERT =
    'warning gpu_offload_short: the engine offloaded 12/33 layers to GPU; the processor computes the rest, which is slower';

  it('raises an alert, which is cleared when the run ends', async () => {
    const domain = new Domain();
    domain.adapter.gpus = { kind: 'less', shortfall: 'offloaded 12/33 layers to GPU' };
    await domain.createRunning();
    expect(alertsOf(domain)).toEqual([ALERT]);
    domain.adapter.gpus = { kind: 'as requested' };
    await domain.manager.restart('a');
    await domain.pass(1_000);
    expect(domain.status()).toBe('running');
    expect(alertsOf(domain)).toEqual([]);
  });

  it('has an alert that names the processor for all layers when no GPU takes any', async () => {
    const domain = new Domain();
    domain.adapter.gpus = { kind: 'less', shortfall: 'found no usable GPU, so none of its layers is offloaded' };
    await domain.createRunning();
    expect(alertsOf(domain)).toEqual([
      'warning gpu_offload_short: the engine found no usable GPU, so none of its layers is offloaded; the processor computes all of it, which is slower',
    ]);
  });

  it('raises the alert again when the next server adopts it, without reading its log again', async () => {
    const before = new Domain();
    before.adapter.gpus = { kind: 'less', shortfall: 'offloaded 12/33 layers to GPU' };
    await before.createRunning();
    before.adapter.gpus = { kind: 'unclear' };
    const after = await before.crash();
    expect(alertsOf(after)).toEqual([ALERT]);
  });

  it('raises no alert when GPUs were not requested', async () => {
    const domain = new Domain();
    await domain.createRunning();
    expect(alertsOf(domain)).toEqual([]);
  });
});

/** Holds back the erasing of deleted instances' files until `resolve`. */
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
  it('frees the name and the port and removes the files', async () => {
    const domain = new Domain();
    const id = await domain.create('a', { port: 9_000 });
    await domain.manager.remove('a');
    expect(() => domain.manager.get('a')).toThrow(/no instance "a"/);
    expect(domain.supervisor.discarded).toEqual([`/data/instances/${id}`]);
    expect(await domain.store.load()).toEqual([]);
    await domain.create('a', { port: 9_000 });
  });

  it('is refused while the engine runs, naming the process', async () => {
    const domain = new Domain();
    const id = await domain.createRunning();
    const { pid } = domain.world.process(id).identity;
    await expect(domain.manager.remove('a')).rejects.toThrow(`a is running (process ${pid}); stop it first.`);
  });

  it('right after a stop waits for its end', async () => {
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

  it('waits no longer than the timeout of the stop plus ten seconds', async () => {
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

  it('does not wait for a drain that force cut short', async () => {
    const domain = new Domain();
    const id = await domain.createRunning();
    domain.world.process(id).endsBy = 'nothing';
    await domain.manager.stop('a', { timeout: 600 });
    await domain.manager.stop('a', { force: true });
    const refused = refusal(domain.manager.remove('a'));
    await domain.pass(10_001);
    expect(await refused).toEqual(code('INSTANCE_RUNNING'));
  });

  it('is refused when a start arrives meanwhile', async () => {
    const domain = new Domain();
    await domain.createRunning();
    await domain.acquire();
    await domain.manager.stop('a');
    const refused = refusal(domain.manager.remove('a'));
    await domain.manager.start('a');
    await domain.settle();
    expect(await refused).toEqual(code('INSTANCE_RUNNING'));
  });

  it('succeeds for all parallel callers', async () => {
    const domain = new Domain();
    await domain.createRunning();
    await domain.manager.stop('a');
    const removals = Promise.all([domain.manager.remove('a'), domain.manager.remove('a'), domain.manager.remove('a')]);
    await domain.settle();
    await removals;
  });

  it('is complete before its files are gone: name and port are free, and the event is sent', async () => {
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

  it('succeeds for all parallel callers, also for one that arrives while the files are being erased', async () => {
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

  it('is answered before the files are gone when another server takes over', async () => {
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

  it('that cannot be stored leaves the instance unchanged', async () => {
    const domain = new Domain();
    await domain.create();
    domain.store.failure = new Error('disk full');
    await expect(domain.manager.remove('a')).rejects.toThrow('could not be stored');
    domain.store.failure = null;
    await domain.manager.start('a');
    await domain.pass(50);
    expect(domain.status()).toBe('running');
  });

  it('that cannot be stored leaves a failed instance unchanged, with its reason', async () => {
    const domain = new Domain();
    const id = await domain.createRunning('a', { auto_restart: false });
    domain.world.exit(id, 1, domain.clock.now());
    await domain.settle();
    const before = domain.manager.get('a');
    const sent = domain.events.statuses('a');
    domain.store.failure = new Error('disk full');
    await expect(domain.manager.remove('a')).rejects.toThrow('could not be stored');
    expect(domain.manager.get('a')).toEqual({ ...before, status: 'failed' });
    expect(domain.events.statuses('a')).toEqual(sent);
  });

  it('stores events of the instance that could not be stored before', async () => {
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

  it('that cannot be stored still ends a backoff, and the event is sent and stored', async () => {
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
  it('lets commands take effect, reports that they could not be stored, and raises an alert until they are', async () => {
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

  it('refuses an update without applying it', async () => {
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

  it('frees the name and port of a deleted instance whose files cannot be removed', async () => {
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

  it('reports the end of an engine even if its output cannot be read', async () => {
    const domain = new Domain();
    const id = await domain.createRunning();
    domain.outputFault = new Error('input/output error');
    domain.world.exit(id, 1, domain.clock.now());
    await domain.settle();
    expect(domain.status()).toBe('restarting');
  });
});

it('readyEngines returns the ready engines with their addresses, without resetting the idle timer', async () => {
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
  it('leases a running engine by name or alias, with the key of its run', async () => {
    const domain = new Domain();
    const id = await domain.createRunning('a', { aliases: ['org/chat'] });
    const lease = await domain.acquire('org/chat');
    expect(lease.target).toMatchObject({
      port: 8_100,
      healthPath: '/health',
      key: domain.world.process(id).secrets['FAKE_KEY'],
    });
  });

  it('refuses an instance that is not running, with the reason', async () => {
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
  it('act on every instance they can; one failure does not stop the others', async () => {
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

  it('also start a failed instance and stop a restarting one', async () => {
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
