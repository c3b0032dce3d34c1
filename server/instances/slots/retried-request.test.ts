import { beforeEach, describe, expect, it } from 'vitest';
import { Domain } from '../../testing/domain.ts';
import { EngineDied, type Lease, type LeaseRequest } from './leases.ts';

/** Retries of requests whose engine died before it answered. */

let domain: Domain;
let id: string;

beforeEach(async () => {
  domain = new Domain();
  id = await domain.createRunning();
});

/** Longer than the first backoff with its jitter, shorter than the patience of a first request. */
const FIRST_BACKOFF_MS = 1_500;

/** One request, with its current lease and its retries. */
class Retried {
  lease: Lease | null = null;
  failure: { code: string; status: number; reason: string | undefined } | null = null;
  hasLeft = false;
  readonly leaving = new AbortController();
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }

  async ask(more: Partial<LeaseRequest> = {}): Promise<void> {
    this.lease = null;
    const { signal } = this.leaving;
    void domain.acquire('a', { caller: this.name, signal, ...more }).then(
      (lease) => (this.lease = lease),
      (error: { code?: string; status?: number; extras?: { reason?: string } }) => {
        if (error === signal.reason) this.hasLeft = true;
        else this.failure = { code: error.code ?? '', status: error.status ?? 0, reason: error.extras?.reason };
      },
    );
    await domain.settle();
  }

  /** Retries, as the gateway does when the engine has died. */
  async askAgain(): Promise<void> {
    const { lease } = this;
    expect(lease?.signal.reason).toBeInstanceOf(EngineDied);
    lease?.release();
    await this.ask({ after: lease?.origin ?? undefined });
  }
}

async function sent(...names: string[]): Promise<Retried[]> {
  const requests = names.map((name) => new Retried(name));
  for (const request of requests) await request.ask();
  expect(requests.every(({ lease }) => lease !== null)).toBe(true);
  return requests;
}

async function die(): Promise<void> {
  domain.world.exit(id, 139, domain.clock.now());
  await domain.settle();
}

/** Retries each of the requests. */
async function askedAgain(requests: readonly Retried[]): Promise<void> {
  for (const request of requests) await request.askAgain();
}

const served = (requests: readonly Retried[]): string[] =>
  requests.flatMap(({ lease, name }) => (lease === null ? [] : [name]));

describe('a lease', () => {
  it('aborts with `EngineDied` when its engine exits by itself', async () => {
    const [request] = await sent('x');
    await die();
    expect(request?.lease?.signal.reason).toBeInstanceOf(EngineDied);
  });

  it.each([
    ['is stopped', () => domain.manager.stop('a', { force: true })],
    ['is restarted', () => domain.manager.restart('a', { force: true })],
  ])('does not abort with `EngineDied` when the instance %s', async (_title, end) => {
    const [request] = await sent('x');
    await end();
    await domain.settle();
    expect(request?.lease?.signal.aborted).toBe(true);
    expect(request?.lease?.signal.reason).not.toBeInstanceOf(EngineDied);
  });

  it('does not abort with `EngineDied` when the engine dies during the drain of a stop', async () => {
    const [request] = await sent('x');
    await domain.manager.stop('a');
    await die();
    expect(request?.lease?.signal.aborted).toBe(true);
    expect(request?.lease?.signal.reason).not.toBeInstanceOf(EngineDied);
  });
});

describe('a retried request', () => {
  it('gets a lease of the next run, no matter how long backoff and load take', async () => {
    const [request] = await sent('x');
    await die();
    domain.world.defaults.isReady = false;
    await askedAgain([request ?? new Retried('')]);
    await domain.pass(FIRST_BACKOFF_MS);
    expect(domain.status()).toBe('starting');
    await domain.pass(120_000);
    expect(request?.lease).toBe(null);
    domain.world.ready(id);
    await domain.pass(1_000);
    expect(request?.lease?.origin).toMatchObject({ run: 2 });
  });

  it('waits for a backoff that is too long for a first request', async () => {
    // The fourth backoff takes eight seconds.
    for (let restarts = 0; restarts < 3; restarts += 1) {
      await die();
      await domain.pass(6_000);
    }
    const [request] = await sent('x');
    await die();
    await request?.askAgain();
    await domain.pass(7_900);
    expect([request?.lease, request?.failure, domain.status()]).toEqual([null, null, 'restarting']);
    await domain.pass(2_500);
    expect(request?.lease?.origin).toMatchObject({ run: 5 });
  });

  it('is refused with the reason when the restart fails, and does not wait for another restart', async () => {
    const [request] = await sent('x');
    await die();
    domain.world.defaults.isReady = false;
    await request?.askAgain();
    await domain.pass(5_000);
    expect(domain.status()).toBe('starting');
    await die();
    expect(request?.failure).toMatchObject({ code: 'INSTANCE_NOT_RUNNING', reason: expect.any(String) as unknown });
  });

  it('is refused when the instance is stopped meanwhile, and does not start it', async () => {
    const [request, other] = await sent('x', 'y');
    await die();
    await request?.askAgain();
    await domain.manager.stop('a');
    await domain.settle();
    expect(request?.failure).toMatchObject({ code: 'INSTANCE_NOT_RUNNING' });
    await other?.askAgain();
    expect([other?.failure?.code, domain.status()]).toEqual(['INSTANCE_NOT_RUNNING', 'stopped']);
  });

  it('is refused when the instance is deleted meanwhile, even if another has its name', async () => {
    const [request, other] = await sent('x', 'y');
    await die();
    await request?.askAgain();
    await domain.manager.remove('a');
    await domain.createRunning();
    expect(request?.failure).toMatchObject({ code: 'INSTANCE_NOT_FOUND' });
    await other?.askAgain();
    expect(other?.failure).toMatchObject({ code: 'INSTANCE_NOT_FOUND' });
  });

  it('does not start a failed instance', async () => {
    await domain.manager.update('a', { auto_restart: false }, { restart: false });
    const [request] = await sent('x');
    await die();
    expect(request?.lease?.signal.reason).toBeInstanceOf(EngineDied);
    await request?.askAgain();
    await domain.pass(60_000);
    expect([request?.failure?.code, domain.status()]).toEqual(['INSTANCE_NOT_RUNNING', 'failed']);
  });

  it('is dropped when its caller leaves', async () => {
    const [request, other] = await sent('x', 'y');
    await die();
    await askedAgain([request ?? new Retried(''), other ?? new Retried('')]);
    request?.leaving.abort(new Error('hung up'));
    await domain.pass(FIRST_BACKOFF_MS);
    expect([request?.hasLeft, request?.lease, other?.lease?.origin?.run]).toEqual([true, null, 2]);
  });

  it('enters a full queue', async () => {
    await domain.manager.update('a', { queue_limit: 1 }, { restart: false });
    const [request] = await sent('x');
    await die();
    await new Retried('first').ask();
    await request?.askAgain();
    await domain.pass(FIRST_BACKOFF_MS);
    expect(request?.lease).not.toBe(null);
  });
});

describe('requests whose engine died', () => {
  it('go one at a time, before all other requests', async () => {
    const all = await sent('x', 'y', 'z');
    await die();
    await askedAgain(all);
    const first = new Retried('first');
    await first.ask();
    await domain.pass(FIRST_BACKOFF_MS);
    const late = new Retried('late');
    await late.ask();
    const order: string[][] = [];
    for (const request of all) {
      order.push(served([...all, first, late]));
      request.lease?.release();
      await domain.settle();
    }
    expect(order).toEqual([['x'], ['x', 'y'], ['x', 'y', 'z']]);
    expect(served([first, late])).toEqual(['first', 'late']);
  });

  it('continue as soon as the answer of the previous one begins', async () => {
    const all = await sent('x', 'y');
    await die();
    await askedAgain(all);
    await domain.pass(FIRST_BACKOFF_MS);
    expect(served(all)).toEqual(['x']);
    all[0]?.lease?.begun();
    await domain.settle();
    expect(served(all)).toEqual(['x', 'y']);
  });

  it('survive a request that kills the engine again', async () => {
    const all = await sent('poison', 'y', 'z');
    await die();
    await askedAgain(all);
    await domain.pass(FIRST_BACKOFF_MS);
    expect(served(all)).toEqual(['poison']);
    await die();
    all[0]?.lease?.release();
    await domain.pass(3_000);
    const rest = all.slice(1);
    expect(served(rest)).toEqual(['y']);
    rest[0]?.lease?.release();
    await domain.settle();
    expect(served(rest)).toEqual(['y', 'z']);
    expect(rest.map(({ lease }) => lease?.origin?.run)).toEqual([3, 3]);
  });

  it('block no other request after their callers have left', async () => {
    const all = await sent('x', 'y');
    await die();
    await askedAgain(all);
    const other = new Retried('other');
    await other.ask();
    for (const { leaving } of all) leaving.abort(new Error('hung up'));
    await domain.pass(FIRST_BACKOFF_MS);
    expect(served([other])).toEqual(['other']);
  });
});
