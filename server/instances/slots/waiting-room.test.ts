import { beforeEach, describe, expect, it } from 'vitest';
import { Domain } from '../../testing/domain.ts';
import type { Lease, LeaseRequest } from './leases.ts';

let domain: Domain;

beforeEach(() => {
  domain = new Domain();
});

/** What becomes of a request. */
type Outcome =
  | Lease
  | { code: string; status: number; message: string; reason: string | undefined; retryAfter: string | undefined };

/** Requests that are under way, and what became of those that are not. */
class Requests {
  readonly outcomes: Outcome[] = [];
  readonly leaving: AbortController[] = [];
  waited = 0;
  left = 0;

  send(count = 1, instance = 'a', more: Partial<LeaseRequest> = {}): void {
    for (let sent = 0; sent < count; sent += 1) {
      const leaving = new AbortController();
      this.leaving.push(leaving);
      domain.acquire(instance, { signal: leaving.signal, onWaiting: () => (this.waited += 1), ...more }).then(
        (lease) => this.outcomes.push(lease),
        (error: unknown) => this.#refused(error, leaving.signal),
      );
    }
  }

  #refused(error: unknown, { aborted, reason }: AbortSignal): void {
    if (aborted && error === reason) this.left += 1;
    else this.outcomes.push(told(error));
  }

  get leases(): Lease[] {
    return this.outcomes.filter((outcome) => 'release' in outcome);
  }

  /** Ends those that have a lease. */
  finish(): void {
    for (const lease of this.leases) lease.release();
  }
}

function told(error: unknown): Exclude<Outcome, Lease> {
  const { code, status, message, extras } = error as {
    code: string;
    status: number;
    message: string;
    extras: { reason?: string; headers?: Record<string, string> };
  };
  return { code, status, message, reason: extras.reason, retryAfter: extras.headers?.['retry-after'] };
}

/** Engines that are spawned from now on load until they are told to be ready. */
function loadsSlowly(): void {
  domain.world.defaults.isReady = false;
}

describe('a request for a stopped instance', () => {
  it('starts it and waits', async () => {
    await domain.create('a', { aliases: ['org/chat'] });
    const requests = new Requests();
    requests.send(1, 'org/chat');
    expect([domain.status(), requests.waited]).toEqual(['starting', 1]);
    await domain.settle();
    expect(requests.leases).toMatchObject([{ instance: 'a', target: { port: 8_100 } }]);
    expect(domain.status()).toBe('running');
  });

  it('shares one start with two hundred others', async () => {
    await domain.create();
    const requests = new Requests();
    requests.send(200);
    await domain.settle();
    expect(requests.leases).toHaveLength(200);
    expect(domain.world.processes).toHaveLength(1);
    expect(domain.manager.get('a').restart_count).toBe(0);
  });

  it('does not wait for one that runs', async () => {
    await domain.createRunning();
    const requests = new Requests();
    requests.send();
    await domain.settle();
    expect([requests.leases.length, requests.waited]).toEqual([1, 0]);
  });

  it('is refused while it loads, where only one that runs will do', async () => {
    loadsSlowly();
    await domain.create();
    await domain.manager.start('a');
    const requests = new Requests();
    requests.send(1, 'a', { onlyRunning: true, mayStart: false });
    await domain.settle();
    expect(requests.outcomes).toMatchObject([{ code: 'INSTANCE_NOT_RUNNING', status: 409 }]);
    expect(requests.waited).toBe(0);
  });

  it('has, with its lease, what is to be done with its body', async () => {
    const settings = { upstream_model: 'm', request_defaults: { temperature: 0 }, request_strip: ['seed'] };
    await domain.create('a', settings);
    const requests = new Requests();
    requests.send();
    await domain.settle();
    expect(requests.leases).toMatchObject([{ record: { settings } }]);
  });

  it('does not start it where that is not wanted', async () => {
    await domain.create('a', { on_demand: false });
    await domain.create('b');
    const requests = new Requests();
    requests.send();
    requests.send(1, 'b', { mayStart: false });
    await domain.settle();
    expect(requests.outcomes).toEqual([
      told({ code: 'INSTANCE_NOT_RUNNING', status: 409, message: 'a is stopped; start it first.', extras: {} }),
      told({ code: 'INSTANCE_NOT_RUNNING', status: 409, message: 'b is stopped; start it first.', extras: {} }),
    ]);
    expect(domain.world.processes).toEqual([]);
  });

  it('starts it right after that was allowed', async () => {
    await domain.create('a', { on_demand: false });
    await domain.manager.update('a', { on_demand: true }, { restart: false });
    const requests = new Requests();
    requests.send();
    await domain.settle();
    expect(requests.leases).toHaveLength(1);
  });

  it('is a wish of nobody who would want it back after the machine was rebooted; a start by command is', async () => {
    for (const [name, isBack] of [
      ['a', false],
      ['b', true],
    ] as const) {
      await domain.create(name);
      new Requests().send(1, name);
      await domain.settle();
      if (isBack) await domain.manager.start(name);
      await domain.settle();
    }
    domain.world.reboot(domain.clock.now());
    const next = await domain.crash();
    expect([next.status('a'), next.status('b')]).toEqual(['stopped', 'running']);
  });
});

describe('a start that fails', () => {
  it('is told at once to all who wait, with the reason', async () => {
    await domain.create();
    domain.supervisor.spawnFailures.push('the disk is full');
    const requests = new Requests();
    requests.send(3);
    await domain.settle();
    const failure = {
      code: 'START_FAILED',
      status: 503,
      message: 'a did not start: the disk is full.',
      reason: 'the disk is full',
      retryAfter: '30',
    };
    expect(requests.outcomes).toEqual([failure, failure, failure]);
  });

  it('is told too when the engine ends while it loads', async () => {
    loadsSlowly();
    const id = await domain.create();
    const requests = new Requests();
    requests.send();
    await domain.settle();
    domain.world.exit(id, 1, domain.clock.now());
    await domain.settle();
    expect(requests.outcomes).toMatchObject([{ code: 'START_FAILED', reason: 'the engine ended with 1' }]);
  });

  it('is not tried again for half a minute, and then once', async () => {
    await domain.create();
    domain.supervisor.spawnFailures.push('no memory', 'still no memory');
    const requests = new Requests();
    requests.send();
    await domain.pass(29_500);
    requests.send(2);
    await domain.settle();
    expect(requests.outcomes.slice(1)).toMatchObject([
      { code: 'INSTANCE_NOT_RUNNING', message: 'a is failed: no memory; try again in 1 s.', retryAfter: '1' },
      { code: 'INSTANCE_NOT_RUNNING', reason: 'no memory' },
    ]);
    await domain.pass(500);
    requests.send(2);
    await domain.settle();
    expect(requests.outcomes.slice(3)).toMatchObject([{ reason: 'still no memory' }, { reason: 'still no memory' }]);
    await domain.pass(30_000);
    requests.send();
    await domain.settle();
    expect(requests.leases).toHaveLength(1);
  });

  it('does not keep a start by command from being made at once', async () => {
    await domain.create();
    domain.supervisor.spawnFailures.push('no memory');
    const requests = new Requests();
    requests.send();
    await domain.settle();
    await domain.manager.start('a');
    requests.send();
    await domain.settle();
    expect(requests.leases).toHaveLength(1);
  });
});

describe('while requests wait', () => {
  it('one that leaves is dropped, and the start goes on', async () => {
    loadsSlowly();
    const id = await domain.create();
    const requests = new Requests();
    requests.send(2);
    await domain.settle();
    requests.leaving[0]?.abort();
    await domain.settle();
    domain.world.ready(id);
    await domain.pass(1_000);
    expect([requests.left, requests.leases.length]).toEqual([1, 1]);
  });

  it('one that leaves in the very moment of its lease keeps none', async () => {
    await domain.createRunning('a', { concurrency: 1 });
    const requests = new Requests();
    requests.send(3);
    await domain.settle();
    requests.finish();
    requests.leaving[1]?.abort();
    await domain.settle();
    expect([requests.leases.length, requests.left]).toEqual([2, 1]);
  });

  it('a stop sends them away, also one in the pause before a restart', async () => {
    loadsSlowly();
    await domain.create();
    const requests = new Requests();
    requests.send(2);
    await domain.settle();
    await domain.manager.stop('a');
    await domain.settle();
    expect(requests.outcomes).toMatchObject([
      { code: 'INSTANCE_NOT_RUNNING', retryAfter: '1' },
      { code: 'INSTANCE_NOT_RUNNING', retryAfter: '1' },
    ]);
    domain.world.defaults.isReady = true;
    const id = await domain.createRunning('b');
    domain.world.exit(id, 1, domain.clock.now());
    await domain.settle();
    expect(domain.status('b')).toBe('restarting');
    requests.send(1, 'b');
    await domain.manager.stop('b');
    await domain.settle();
    expect([requests.outcomes.length, domain.status('a'), domain.status('b')]).toEqual([3, 'stopped', 'stopped']);
  });

  it('a restart by command keeps them waiting', async () => {
    loadsSlowly();
    const id = await domain.create();
    const requests = new Requests();
    requests.send();
    await domain.settle();
    await domain.manager.restart('a');
    await domain.settle();
    domain.world.ready(id);
    await domain.pass(1_000);
    expect([requests.leases.length, domain.world.processes.length]).toEqual([1, 2]);
  });

  it('the end of llamactl sends them away, and lets nobody wait any more', async () => {
    loadsSlowly();
    await domain.create();
    await domain.create('b');
    const requests = new Requests();
    requests.send();
    await domain.settle();
    const ended = domain.instances.shutdown({ stopEngines: false });
    requests.send();
    await domain.settle();
    await ended;
    requests.send(1, 'b');
    await domain.settle();
    expect(requests.outcomes.map((outcome) => 'code' in outcome && outcome.code)).toEqual([
      'SHUTTING_DOWN',
      'SHUTTING_DOWN',
      'SHUTTING_DOWN',
    ]);
  });
});

describe('a request for an instance that restarts after a death', () => {
  it('waits for a short pause', async () => {
    const id = await domain.createRunning();
    domain.world.exit(id, 1, domain.clock.now());
    await domain.settle();
    const requests = new Requests();
    requests.send();
    await domain.pass(4_000);
    expect([requests.leases.length, domain.status()]).toEqual([1, 'running']);
  });

  it('is told, after five seconds of a longer one, when that is over', async () => {
    const id = await domain.createRunning();
    for (let death = 0; death < 4; death += 1) {
      domain.world.exit(id, 1, domain.clock.now());
      await domain.settle();
      if (death < 3) await domain.pass(20_000);
    }
    expect(domain.status()).toBe('restarting');
    const requests = new Requests();
    requests.send();
    await domain.pass(4_900);
    expect(requests.outcomes).toEqual([]);
    await domain.pass(100);
    expect(requests.outcomes).toMatchObject([
      { code: 'INSTANCE_NOT_RUNNING', reason: 'backoff after: the engine ended with 1' },
    ]);
    expect(
      Number(requests.outcomes.map((outcome) => 'retryAfter' in outcome && outcome.retryAfter)[0]),
    ).toBeGreaterThan(0);
  });
});

describe('an instance with a limit of requests at once', () => {
  it('has callers take turns', async () => {
    await domain.create('a', { concurrency: 1 });
    const order: string[] = [];
    for (const caller of ['agent', 'agent', 'agent', 'person']) {
      void domain.acquire('a', { caller }).then((lease) => {
        order.push(caller);
        domain.clock.after(1_000, () => lease.release());
      });
    }
    await domain.pass(10_000);
    expect(order).toEqual(['agent', 'person', 'agent', 'agent']);
  });

  it('never has more, whatever comes at the same time', async () => {
    await domain.create('a', { concurrency: 3 });
    const requests = new Requests();
    requests.send(10);
    await domain.settle();
    requests.send(2);
    await domain.settle();
    expect(requests.leases).toHaveLength(3);
    requests.leases[0]?.release();
    requests.send(1);
    await domain.settle();
    expect(requests.leases).toHaveLength(4);
  });

  it('is raised for who waits already', async () => {
    await domain.createRunning('a', { concurrency: 1 });
    const requests = new Requests();
    requests.send(3);
    await domain.settle();
    expect(requests.leases).toHaveLength(1);
    await domain.manager.update('a', { concurrency: 2 }, { restart: false });
    await domain.settle();
    expect(requests.leases).toHaveLength(2);
  });

  it('refuses more than may wait', async () => {
    await domain.createRunning('a', { concurrency: 1, queue_limit: 2 });
    const requests = new Requests();
    requests.send(4);
    await domain.settle();
    expect(requests.outcomes).toMatchObject([
      { instance: 'a' },
      {
        code: 'RATE_LIMITED',
        status: 429,
        retryAfter: '5',
        message: expect.stringContaining('`queue_limit`') as string,
      },
    ]);
  });

  it('says while it loads that there is no room to wait, not that there is no slot', async () => {
    loadsSlowly();
    await domain.create('a', { queue_limit: 1 });
    const requests = new Requests();
    requests.send(1);
    await domain.settle();
    requests.send(1);
    await domain.settle();
    expect(requests.outcomes).toMatchObject([{ code: 'RATE_LIMITED', status: 429 }]);
  });

  it('lets nobody wait where nobody may, but for the first ones of a start', async () => {
    await domain.create('a', { concurrency: 2, queue_limit: 0 });
    const requests = new Requests();
    requests.send(3);
    await domain.settle();
    requests.send(1);
    await domain.settle();
    expect(requests.leases).toHaveLength(2);
    expect(requests.outcomes.filter((outcome) => 'code' in outcome)).toMatchObject([
      { code: 'CAPACITY_EXCEEDED', status: 503 },
      { code: 'RATE_LIMITED' },
    ]);
  });

  it('gives the rest of them to the next engine when this one dies', async () => {
    const id = await domain.createRunning('a', { concurrency: 1 });
    const requests = new Requests();
    requests.send(2);
    await domain.settle();
    domain.world.exit(id, 1, domain.clock.now());
    await domain.pass(4_000);
    expect(requests.leases.map(({ signal }) => signal.aborted)).toEqual([true, false]);
  });

  it('says that it failed, not that its start did, when it does not come back', async () => {
    const id = await domain.createRunning('a', { concurrency: 1, auto_restart: false });
    const requests = new Requests();
    requests.send(2);
    await domain.settle();
    domain.world.exit(id, 1, domain.clock.now());
    await domain.settle();
    expect(requests.outcomes[1]).toMatchObject({ code: 'INSTANCE_NOT_RUNNING', reason: 'the engine ended with 1' });
  });
});
