import { beforeEach, describe, expect, it } from 'vitest';
import { Domain } from '../testing/domain.ts';

/** The decisions of the domain, traced where they are made. Slot plans have a test of their own. */

let domain: Domain;

beforeEach(() => {
  domain = new Domain();
  domain.trace.isOn = true;
});

/** Sends a request, and ignores its outcome. @returns the function by which its caller leaves */
function send(instance = 'a', requestId = 'r1'): () => void {
  const leaving = new AbortController();
  domain.acquire(instance, { requestId, signal: leaving.signal }).catch(() => undefined);
  return () => leaving.abort();
}

const outcomes = (): string[] => domain.trace.inputs('request').map(({ outcome }) => outcome);

describe('the waiting room', () => {
  it('traces a request that starts the instance, waits, and is let through', async () => {
    const id = await domain.create();
    send();
    await domain.settle();
    expect(outcomes()).toEqual(['starts', 'waits', 'leased']);
    expect(domain.trace.of('request').at(1)).toEqual({
      kind: 'request',
      instance: { id },
      requestId: 'r1',
      inputs: {
        outcome: 'waits',
        status: 'starting',
        waiting: 1,
        waited_ms: 0,
        leases: 0,
        concurrency: null,
        reason: null,
      },
    });
  });

  it('traces a request that waits for its turn, and whose caller leaves', async () => {
    await domain.createRunning('a', { concurrency: 1 });
    send();
    const leave = send('a', 'r2');
    await domain.pass(500);
    leave();
    expect(domain.trace.of('request')).toMatchObject([
      { requestId: 'r2', inputs: { outcome: 'waits', status: 'running', leases: 1, concurrency: 1 } },
      { requestId: 'r2', inputs: { outcome: 'left', waited_ms: 500 } },
    ]);
  });

  it('traces why a request is refused', async () => {
    await domain.createRunning('a', { concurrency: 1, queue_limit: 0 });
    await domain.create('b', { on_demand: false });
    send();
    send();
    send('b');
    await domain.settle();
    expect(domain.trace.inputs('request')).toMatchObject([
      { outcome: 'refused', reason: 'its queue is full' },
      { outcome: 'refused', status: 'stopped', reason: null },
    ]);
  });

  it('traces no request that need not wait', async () => {
    await domain.createRunning();
    send();
    await domain.settle();
    expect(outcomes()).toEqual([]);
  });
});

describe('the route of a request', () => {
  it('is traced with the name or alias that decided it', async () => {
    const id = await domain.createRunning('a', { aliases: ['org/chat'] });
    send('A');
    send('org/chat');
    send('nothing');
    await domain.settle();
    expect(domain.trace.of('route')).toEqual([
      { kind: 'route', instance: { id }, requestId: 'r1', inputs: { named: 'A', by: 'name' } },
      { kind: 'route', instance: { id }, requestId: 'r1', inputs: { named: 'org/chat', by: 'alias' } },
      { kind: 'route', instance: null, requestId: 'r1', inputs: { named: 'nothing', by: 'unknown' } },
    ]);
  });
});

describe('the model that a request names', () => {
  it('is traced up to the length of the longest alias', async () => {
    send('x'.repeat(1_000_000));
    await domain.settle();
    expect(domain.trace.inputs('route')).toEqual([{ named: 'x'.repeat(200), by: 'unknown' }]);
  });
});

describe('the restart policy', () => {
  const die = async (id: string): Promise<void> => {
    domain.world.exit(id, 9, domain.clock.now());
    await domain.settle();
  };

  it('traces a restart with its delay, and the end of its patience', async () => {
    const id = await domain.createRunning('a', { max_restarts: 1 });
    await die(id);
    await domain.pass(1_000);
    expect(domain.status()).toBe('running');
    await die(id);
    expect(domain.trace.of('restart')).toMatchObject([
      {
        instance: { id },
        inputs: { outcome: 'restart', because: 'died', restarts: 0, max_restarts: 1, delay_ms: 1_000 },
      },
      { instance: { id }, inputs: { outcome: 'failed', because: 'max_restarts', restarts: 1, delay_ms: null } },
    ]);
    expect(domain.trace.inputs('restart').map(({ cause }) => cause)).not.toContain('');
  });

  it('traces why it does not restart', async () => {
    const never = await domain.createRunning('a', { auto_restart: false });
    await die(never);
    domain.world.defaults.isReady = false;
    const first = await domain.createRunning('b');
    await die(first);
    expect(domain.trace.inputs('restart')).toMatchObject([
      { outcome: 'failed', because: 'auto_restart_off' },
      { outcome: 'failed', because: 'first_start' },
    ]);
  });
});

describe('the scheduler', () => {
  it('traces whom it stops for whom', async () => {
    domain = new Domain(undefined, { settings: { max_running: 1 } });
    const [a, b] = [await domain.createRunning('a'), await domain.create('b')];
    domain.trace.isOn = true;
    send('b');
    await domain.settle();
    expect(domain.trace.of('eviction')).toMatchObject([{ instance: { id: a }, other: { id: b } }]);
    expect(domain.trace.of('slot').map(({ instance, inputs }) => [instance, inputs.outcome])).toEqual([
      [{ id: b }, 'waits'],
      [{ id: b }, 'granted'],
    ]);
  });
});

describe('each wait for a slot', () => {
  it('is traced, also if it ends like the one before', async () => {
    const id = await domain.createRunning();
    domain.world.exit(id, 9, domain.clock.now());
    await domain.pass(1_000);
    expect(domain.status()).toBe('running');
    expect(domain.trace.inputs('slot').map(({ outcome }) => outcome)).toEqual(['granted', 'granted']);
  });
});

describe('an idle stop', () => {
  it('is traced with the timeout', async () => {
    const id = await domain.createRunning('a', { idle_timeout: 60 });
    await domain.pass(60_000);
    expect(domain.trace.of('idle_stop')).toEqual([
      { kind: 'idle_stop', instance: { id }, inputs: { idle_timeout: 60 } },
    ]);
  });
});

it('traces each start that is refused because pinned instances hold the slots', async () => {
  const limited = new Domain(undefined, { settings: { max_running: 1 } });
  limited.trace.isOn = true;
  await limited.createRunning('a', { pinned: true });
  await limited.create('b');
  for (const _ of [1, 2]) await expect(limited.manager.start('b')).rejects.toMatchObject({ code: 'CAPACITY_EXCEEDED' });
  expect(limited.trace.inputs('slot').filter(({ outcome }) => outcome === 'hopeless')).toMatchObject([
    { limit: 'max_running', most: 1, taken: 1 },
    { limit: 'max_running', most: 1, taken: 1 },
  ]);
});
