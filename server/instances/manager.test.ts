import { describe, expect, it } from 'vitest';
import { Domain } from '../testing/domain.ts';

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
    const { instance, changes } = await domain.manager.update('a', { options: { seed: 7 } }, { restart: false });
    expect(changes).toEqual([{ path: 'options.seed', before: null, after: 7 }]);
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
      { name: 'b', status: 'stopped', error: expect.stringContaining('Port 9000') as unknown, code: 'PORT_IN_USE' },
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

describe('restart-all and delete-all', () => {
  it('restart the named instances, and start stopped ones', async () => {
    const domain = new Domain();
    await domain.create('a');
    await domain.createRunning('b');
    await domain.createRunning('c');
    expect(await domain.manager.restartAll(['a', 'b', 'gone'])).toEqual([
      { name: 'a', status: 'starting' },
      { name: 'b', status: 'restarting' },
      {
        name: 'gone',
        status: null,
        error: expect.stringContaining('no instance "gone"') as unknown,
        code: 'INSTANCE_NOT_FOUND',
      },
    ]);
    expect(domain.manager.get('c').status).toBe('running');
  });

  it('delete the named instances; one that runs stays, and does not stop the others', async () => {
    const domain = new Domain();
    await domain.create('a');
    await domain.createRunning('b');
    await domain.create('c');
    expect(await domain.manager.removeAll(['a', 'b', 'gone'])).toEqual([
      { name: 'a', status: null },
      {
        name: 'b',
        status: 'running',
        error: expect.stringContaining('stop it first') as unknown,
        code: 'INSTANCE_RUNNING',
      },
      {
        name: 'gone',
        status: null,
        error: expect.stringContaining('no instance "gone"') as unknown,
        code: 'INSTANCE_NOT_FOUND',
      },
    ]);
    expect(domain.manager.list().map(({ name }) => name)).toEqual(['b', 'c']);
  });
});
