import { describe, expect, it } from 'vitest';
import { Domain, type DomainOptions } from '../../testing/domain.ts';
import type { Lease } from './leases.ts';
import { PATIENCE_MS } from './slot-plan.ts';

/** Instances that share slots. */

const limitedTo = (max_running: number, groups: NonNullable<DomainOptions['groups']> = {}): Domain =>
  new Domain(undefined, { settings: { max_running }, groups });

/** The statuses of these instances, in order. */
const statuses = (domain: Domain, ...names: string[]): string[] => names.map((name) => domain.status(name));

async function create(domain: Domain, ...names: string[]): Promise<void> {
  for (const name of names) await domain.create(name);
}

/** A client that sends request after request: each takes 50 ms, and the next follows after 5 ms. */
async function client(domain: Domain, instance: string, requests: number, answered: string[]): Promise<void> {
  const pause = (milliseconds: number): Promise<void> =>
    new Promise((resolve) => void domain.clock.after(milliseconds, resolve));
  for (let sent = 0; sent < requests; sent += 1) {
    const lease = await domain.acquire(instance, { caller: instance });
    await pause(50);
    lease.release();
    answered.push(instance);
    await pause(5);
  }
}

/** Lets time pass in small steps, each complete before the next. */
async function live(domain: Domain, milliseconds: number, step: number): Promise<void> {
  for (let passed = 0; passed < milliseconds; passed += step) await domain.pass(step);
}

const swaps = (answered: readonly string[]): number =>
  answered.filter((instance, index) => index > 0 && answered[index - 1] !== instance).length;

describe('a start that cannot succeed', () => {
  it.each(['its file is missing', 'its port is taken'])('ends no other instance: %s', async (obstacle) => {
    const domain = limitedTo(1);
    await create(domain, 'a');
    await domain.create('b', { port: 8_190 });
    const first = domain.acquire('a');
    await live(domain, 200, 50);
    (await first).release();
    if (obstacle === 'its port is taken') domain.world.foreignPorts.set(8_190, { pid: 7, description: 'nginx' });
    else domain.adapter.startProblem = { code: 'MODEL_NOT_FOUND', message: 'the model file /m does not exist' };
    const said = obstacle === 'its port is taken' ? /port 8190/i : /\/m does not exist; for help: llamactl why b\.$/;
    const message = expect.stringMatching(said) as unknown;
    await Promise.all([
      expect(domain.acquire('b')).rejects.toMatchObject({ code: 'START_FAILED', message }),
      live(domain, 1_000, 100),
    ]);
    expect(statuses(domain, 'a', 'b')).toEqual(['running', 'failed']);
  });
});

describe('two stopped models and one slot', () => {
  it('answer twenty requests each, with one swap', async () => {
    const domain = limitedTo(1);
    await create(domain, 'a', 'b');
    const answered: string[] = [];
    const requests = Array.from({ length: 40 }, async (_, index) => {
      const instance = index % 2 === 0 ? 'a' : 'b';
      const lease = await domain.acquire(instance);
      domain.clock.after(1_000, () => {
        answered.push(instance);
        lease.release();
      });
    });
    await live(domain, 5_000, 100);
    await Promise.all(requests);
    expect(answered).toHaveLength(40);
    expect(swaps(answered)).toBe(1);
    expect([domain.world.mostAlive, domain.world.processes.length]).toEqual([1, 2]);
  });

  it('take long turns when both are in constant use', async () => {
    const domain = limitedTo(1);
    await create(domain, 'a', 'b');
    const answered: string[] = [];
    const clients = [client(domain, 'a', 400, answered), client(domain, 'b', 400, answered)];
    await live(domain, 60_000, 50);
    await Promise.all(clients);
    expect(answered).toHaveLength(800);
    expect(swaps(answered)).toBeLessThanOrEqual(6);
    expect(domain.world.mostAlive).toBe(1);
  });

  it('swap at once when the running one is idle', async () => {
    const domain = limitedTo(1);
    await create(domain, 'a', 'b');
    for (const instance of ['a', 'b', 'a', 'b']) {
      const lease = domain.acquire(instance);
      await domain.settle();
      (await lease).release();
    }
    expect(domain.world.processes).toHaveLength(4);
    expect(domain.world.mostAlive).toBe(1);
  });

  it('never cut a request, no matter how long it takes', async () => {
    const domain = limitedTo(1);
    await create(domain, 'a', 'b');
    const first = domain.acquire('a');
    await domain.settle();
    const lease = await first;
    const second = domain.acquire('b');
    await domain.pass(600_000);
    expect([lease.signal.aborted, ...statuses(domain, 'a', 'b')]).toEqual([false, 'running', 'starting']);
    const late = domain.acquire('a');
    await domain.settle();
    lease.release();
    await domain.settle();
    const other = await second;
    expect(statuses(domain, 'a', 'b')).toEqual(['starting', 'running']);
    other.release();
    await live(domain, 1_000, 100);
    expect((await late).instance).toBe('a');
    expect(domain.world.mostAlive).toBe(1);
  });
});

describe('an eviction', () => {
  it('does not stop an instance that is leased in the same turn', async () => {
    const domain = limitedTo(1);
    await create(domain, 'a', 'b');
    await domain.manager.start('a');
    await domain.settle();
    const lease: Promise<Lease>[] = [];
    const waiting = domain.acquire('b');
    // The first turn stores and the second decides: in either, the lease comes first.
    for (let turn = 0; turn < 5; turn += 1) {
      lease.push(domain.acquire('a'));
      await domain.clock.flush();
    }
    const leases = await Promise.all(lease);
    expect([domain.status('a'), leases.some(({ signal }) => signal.aborted)]).toEqual(['running', false]);
    for (const each of leases) each.release();
    await domain.pass(1_000);
    expect((await waiting).instance).toBe('b');
  });

  it('keeps later requests waiting, and starts the instance again for them', async () => {
    const domain = limitedTo(1);
    await create(domain, 'a', 'b');
    await domain.manager.start('a');
    await domain.settle();
    const forB = domain.acquire('b');
    while (domain.status('a') === 'running') await domain.clock.flush();
    const forA = domain.acquire('a');
    await domain.settle();
    expect(domain.status('b')).toBe('running');
    (await forB).release();
    await domain.pass(1_000);
    expect((await forA).instance).toBe('a');
  });

  it('does not start the instance again if a stop or a delete follows', async () => {
    for (const become of ['stop', 'remove'] as const) {
      const domain = limitedTo(1);
      await create(domain, 'a', 'b');
      await domain.manager.start('a');
      await domain.settle();
      domain.world.alive().forEach((process) => (process.endsBy = 'SIGKILL'));
      void domain.acquire('b');
      await domain.settle();
      expect(domain.status('a')).toBe('stopping');
      const refused = domain.acquire('a').catch((error: unknown) => error);
      const done = domain.manager[become]('a');
      await domain.pass(10_000);
      await done;
      expect(await refused).toMatchObject({ code: 'INSTANCE_NOT_RUNNING' });
      expect(domain.manager.list('starting').map(({ name }) => name)).toEqual([]);
      expect(domain.world.processes).toHaveLength(2);
    }
  });

  it('does not happen for a start without waiting requests', async () => {
    const domain = limitedTo(1);
    await create(domain, 'a', 'b');
    const first = domain.acquire('a');
    await domain.settle();
    const lease = await first;
    const leaving = new AbortController();
    domain.acquire('b', { signal: leaving.signal }).catch(() => undefined);
    await domain.settle();
    leaving.abort(new Error('gone'));
    lease.release();
    await domain.pass(PATIENCE_MS * 2);
    expect(statuses(domain, 'a', 'b')).toEqual(['running', 'starting']);
    const again = domain.acquire('b');
    await domain.settle();
    expect((await again).instance).toBe('b');
  });

  it('does not happen for the restart of an instance that only requests had started', async () => {
    const domain = limitedTo(1);
    await create(domain, 'a', 'b');
    const lease = domain.acquire('b');
    await domain.settle();
    (await lease).release();
    const [process] = domain.world.alive();
    if (process !== undefined) domain.world.exit(process.run, 1, domain.clock.now());
    await domain.settle();
    await domain.manager.start('a');
    await domain.pass(2_000);
    expect(statuses(domain, 'a', 'b')).toEqual(['running', 'starting']);
    await domain.manager.start('b');
    await domain.settle();
    expect(statuses(domain, 'a', 'b')).toEqual(['stopped', 'running']);
  });

  it('is called off when the waiting request leaves, so the instance serves again', async () => {
    const domain = limitedTo(1);
    await create(domain, 'a', 'b');
    const first = domain.acquire('a');
    await domain.settle();
    await first;
    const leaving = new AbortController();
    domain.acquire('b', { signal: leaving.signal }).catch(() => undefined);
    await domain.pass(PATIENCE_MS);
    const late = domain.acquire('a');
    let isServed = false;
    void late.then(() => (isServed = true));
    await domain.settle();
    expect(isServed).toBe(false);
    leaving.abort(new Error('gone'));
    await domain.settle();
    expect(isServed).toBe(true);
  });

  it('happens for a start without waiting requests if a command requests it too', async () => {
    const domain = limitedTo(1);
    await create(domain, 'a', 'b');
    const first = domain.acquire('a');
    await domain.settle();
    const leaving = new AbortController();
    domain.acquire('b', { signal: leaving.signal }).catch(() => undefined);
    await domain.settle();
    leaving.abort(new Error('gone'));
    await domain.manager.start('b');
    (await first).release();
    await domain.pass(1_000);
    expect(statuses(domain, 'a', 'b')).toEqual(['stopped', 'running']);
  });

  it('stops the least recently used instance', async () => {
    const domain = limitedTo(2);
    await create(domain, 'a', 'b', 'c');
    for (const instance of ['a', 'b', 'a']) {
      const lease = domain.acquire(instance);
      await domain.pass(1_000);
      (await lease).release();
    }
    const third = domain.acquire('c');
    await domain.settle();
    expect((await third).instance).toBe('c');
    expect(statuses(domain, 'a', 'b', 'c')).toEqual(['running', 'stopped', 'running']);
  });
});

describe('a pinned instance', () => {
  it('keeps its slot, and requests that need the slot are refused at once', async () => {
    const domain = limitedTo(1);
    await domain.createRunning('a', { pinned: true });
    await create(domain, 'b');
    await expect(domain.acquire('b')).rejects.toMatchObject({
      code: 'CAPACITY_EXCEEDED',
      message: expect.stringContaining('b cannot start') as string,
      // No `Retry-After`: the time of a useful retry is unknown.
      extras: { status: 503 },
    });
    await expect(domain.manager.start('b')).rejects.toMatchObject({
      code: 'CAPACITY_EXCEEDED',
      extras: { status: 409 },
    });
    expect([domain.status('b'), domain.manager.get('b').last_exit]).toEqual(['stopped', null]);
    const { start_obstacle: obstacle } = await domain.manager.health('b');
    expect(obstacle).toMatchObject({
      code: 'CAPACITY_EXCEEDED',
      message: expect.stringContaining('unpin one') as string,
    });
  });

  it('is any member of a pinned group', async () => {
    const domain = limitedTo(1, { home: { pinned: true } });
    await domain.createRunning('a', { group: 'home' });
    await create(domain, 'b');
    await expect(domain.acquire('b')).rejects.toMatchObject({ code: 'CAPACITY_EXCEEDED' });
    await domain.manager.update('a', { group: null }, { restart: false });
    const lease = domain.acquire('b');
    await domain.settle();
    expect((await lease).instance).toBe('b');
  });

  it('fails the requests that wait for its slot when it becomes pinned', async () => {
    const domain = limitedTo(1);
    await create(domain, 'a', 'b');
    const first = domain.acquire('a');
    await domain.settle();
    await first;
    const refused = domain.acquire('b').catch((error: unknown) => error);
    await domain.settle();
    await domain.manager.update('a', { pinned: true }, { restart: false });
    await domain.settle();
    expect(await refused).toMatchObject({ code: 'START_FAILED', message: expect.stringContaining('pinned') as string });
  });
});

describe('a group', () => {
  it('has its own slots', async () => {
    const domain = limitedTo(0, { big: { max_running: 1 } });
    await domain.createRunning('a', { group: 'big' });
    await domain.createRunning('b', { group: 'big' });
    await domain.createRunning('c');
    await domain.pass(1_000);
    expect(statuses(domain, 'a', 'b', 'c')).toEqual(['stopped', 'running', 'running']);
  });

  it('runs alone if it is exclusive', async () => {
    const domain = limitedTo(0, { big: { exclusive: true } });
    await domain.createRunning('a');
    await domain.createRunning('b');
    await domain.createRunning('c', { group: 'big' });
    await domain.pass(1_000);
    expect(statuses(domain, 'a', 'b', 'c')).toEqual(['stopped', 'stopped', 'running']);
  });

  it('causes a warning and limits nothing if it is not configured', async () => {
    const domain = limitedTo(0, { big: {} });
    const { warnings } = await domain.manager.create({ name: 'a', model_path: '/m.gguf', group: 'bgi' });
    expect(warnings).toEqual(['group "bgi" is not in the configuration, so it limits nothing']);
    const { results } = await domain.instances.fleet.apply(
      { version: 1, instances: [{ name: 'a', model_path: '/m.gguf', group: 'gib' }] },
      { prune: false, dryRun: true },
    );
    expect(results).toMatchObject([{ changes: ['group'], warnings: [expect.stringContaining('"gib"')] }]);
    expect((await domain.manager.update('a', { group: 'big' }, { restart: false })).warnings).toEqual([]);
  });
});

describe('starts by command', () => {
  it('evict as requests do', async () => {
    const domain = limitedTo(1);
    await create(domain, 'a', 'b');
    await domain.manager.start('a');
    await domain.settle();
    const started = domain.manager.start('b', { wait: true });
    await domain.settle();
    expect(await started).toBe('running');
    expect(statuses(domain, 'a', 'b')).toEqual(['stopped', 'running']);
  });

  it('start only what fits and stop nothing, for a start of all', async () => {
    const domain = limitedTo(3);
    await domain.createRunning('a');
    await create(domain, 'b', 'c', 'd', 'e');
    const results = await domain.manager.startAll();
    const error = expect.stringContaining('no slot is free') as string;
    expect(results).toEqual([
      { name: 'b', status: 'starting' },
      { name: 'c', status: 'starting' },
      { name: 'd', status: 'stopped', error, code: 'CAPACITY_EXCEEDED' },
      { name: 'e', status: 'stopped', error, code: 'CAPACITY_EXCEEDED' },
    ]);
    await domain.pass(60_000);
    expect(statuses(domain, 'a', 'b', 'c', 'd', 'e')).toEqual(['running', 'running', 'running', 'stopped', 'stopped']);
    expect(await domain.manager.startAll(['a', 'd'])).toEqual([
      { name: 'a', status: 'running' },
      { name: 'd', status: 'stopped', error, code: 'CAPACITY_EXCEEDED' },
    ]);
  });

  it('name the exclusive group that keeps one of several from starting', async () => {
    const domain = limitedTo(0, { gpu: { exclusive: true } });
    await domain.createRunning('coder', { group: 'gpu' });
    await create(domain, 'embed', 'chat');
    const [{ error: ofOther = '' } = {}] = await domain.manager.startAll(['embed']);
    expect(ofOther).toBe(
      'embed was not started: an instance of the exclusive group gpu runs. ' +
        'A start of several instances stops no other: start it alone, or stop another first.',
    );
    await domain.manager.stop('coder', {});
    await domain.settle();
    expect(await domain.manager.startAll(['embed', 'coder'])).toEqual([
      { name: 'embed', status: 'starting' },
      {
        name: 'coder',
        status: 'stopped',
        error: expect.stringContaining('its group gpu is exclusive, and ') as string,
        code: 'CAPACITY_EXCEEDED',
      },
    ]);
  });

  it('name the group whose slots are taken', async () => {
    const domain = limitedTo(0, { big: { max_running: 1 } });
    await domain.createRunning('a', { group: 'big' });
    await domain.create('b', { group: 'big' });
    expect(await domain.manager.startAll(['b'])).toMatchObject([
      { error: expect.stringContaining('no slot of the group big is free (its `max_running` is 1)') as string },
    ]);
  });

  it('use the slot that a restarting instance already has', async () => {
    const domain = limitedTo(1);
    await create(domain, 'a', 'b');
    await domain.manager.start('a');
    await domain.settle();
    const restarted = domain.manager.restart('a', { wait: true });
    await domain.settle();
    expect(await restarted).toBe('running');
    expect(domain.world.mostAlive).toBe(1);
  });
});

describe('after a crash of llamactl', () => {
  it('a living engine keeps its slot, even if there are fewer slots now', async () => {
    const before = limitedTo(0);
    for (const name of ['a', 'b', 'c']) await before.createRunning(name);
    await before.create('d');
    const after = await before.crash({ settings: { max_running: 2 } });
    expect(statuses(after, 'a', 'b', 'c')).toEqual(['running', 'running', 'running']);
    const lease = after.acquire('d');
    await after.settle();
    expect((await lease).instance).toBe('d');
    expect(after.world.alive()).toHaveLength(2);
  });

  it('a start for requests of the crashed server evicts nothing', async () => {
    const before = limitedTo(1);
    await create(before, 'a', 'b');
    await before.manager.start('a');
    await before.settle();
    const lease = before.acquire('a');
    await before.settle();
    await lease;
    before.acquire('b').catch(() => undefined);
    await before.settle();
    expect(statuses(before, 'a', 'b')).toEqual(['running', 'starting']);
    const after = await before.crash();
    await after.pass(PATIENCE_MS * 2);
    expect(statuses(after, 'a', 'b')).toEqual(['running', 'starting']);
    const again = after.acquire('b');
    await after.settle();
    expect((await again).instance).toBe('b');
  });

  it('an acknowledged start waits for its slot again', async () => {
    const before = limitedTo(1);
    await create(before, 'a', 'b');
    const first = before.acquire('a');
    await before.settle();
    await first;
    await before.manager.start('b');
    await before.settle();
    const after = await before.crash();
    await after.settle();
    expect(statuses(after, 'a', 'b')).toEqual(['stopped', 'running']);
    expect(after.world.mostAlive).toBe(1);
  });
});

it('keeps the slot of a process that survives SIGKILL', async () => {
  const domain = limitedTo(1);
  await create(domain, 'a', 'b');
  await domain.manager.start('a');
  await domain.settle();
  domain.world.alive().forEach((process) => (process.endsBy = 'nothing'));
  const lease = domain.acquire('b');
  await domain.pass(600_000);
  expect([...statuses(domain, 'a', 'b'), domain.world.mostAlive]).toEqual(['stopping', 'starting', 1]);
  const [stuck] = domain.world.alive();
  if (stuck !== undefined) domain.world.exit(stuck.run, 137, domain.clock.now());
  await domain.settle();
  expect((await lease).instance).toBe('b');
});
