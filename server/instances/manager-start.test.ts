import { describe, expect, it } from 'vitest';
import { Domain } from '../testing/domain.ts';

/** The error of a call that is answered later. */
const refusal = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => 'not refused',
    (error: unknown) => error,
  );

const code = (expected: string): unknown => expect.objectContaining({ code: expected });

/** Starts, and what a broken disk does to them. */

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
      cause: 'port_in_use',
    });
    domain.adapter.startProblem = { code: 'ENGINE_NOT_FOUND', message: 'no llama-server' };
    await domain.pass(1_000);
    expect(await obstacle()).toEqual({ code: 'ENGINE_NOT_FOUND', message: 'no llama-server', cause: 'engine_missing' });
    expect(domain.alerts.list()).toEqual([]);
  });

  it('that is refused is followed by a health check that knows the obstacle, although one was made just before', async () => {
    const domain = new Domain();
    await domain.create('a');
    expect((await domain.manager.health('a')).start_obstacle).toBeUndefined();
    domain.adapter.startProblem = { code: 'MODEL_NOT_FOUND', message: 'not there' };
    await expect(domain.manager.start('a')).rejects.toEqual(code('MODEL_NOT_FOUND'));
    expect((await domain.manager.health('a')).start_obstacle).toMatchObject({ code: 'MODEL_NOT_FOUND' });
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
