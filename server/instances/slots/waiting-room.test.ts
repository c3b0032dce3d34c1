import { beforeEach, describe, expect, it } from 'vitest';
import { Domain } from '../../testing/domain.ts';
import type { Lease, LeaseRequest } from './leases.ts';

let domain: Domain;

beforeEach(() => {
  domain = new Domain();
});

/** The outcome of a request. */
type Outcome =
  | Lease
  | { code: string; status: number; message: string; reason: string | undefined; retryAfter: string | undefined };

/** Sends requests, and records their outcomes. */
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
    else this.outcomes.push(refusalOf(error));
  }

  get leases(): Lease[] {
    return this.outcomes.filter((outcome) => 'release' in outcome);
  }

  /** Releases all leases. */
  finish(): void {
    for (const lease of this.leases) lease.release();
  }
}

function refusalOf(error: unknown): Exclude<Outcome, Lease> {
  const { code, status, message, extras } = error as {
    code: string;
    status: number;
    message: string;
    extras: { reason?: string; headers?: Record<string, string> };
  };
  return { code, status, message, reason: extras.reason, retryAfter: extras.headers?.['retry-after'] };
}

/** Engines that are spawned from now on load until the test makes them ready. */
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

  it('does not wait if the instance is running', async () => {
    await domain.createRunning();
    const requests = new Requests();
    requests.send();
    await domain.settle();
    expect([requests.leases.length, requests.waited]).toEqual([1, 0]);
  });

  it('is refused while the instance loads, if it accepts only a running one', async () => {
    loadsSlowly();
    await domain.create();
    await domain.manager.start('a');
    const requests = new Requests();
    requests.send(1, 'a', { onlyRunning: true, mayStart: false });
    await domain.settle();
    const message = 'a is starting; wait until it is running.';
    expect(requests.outcomes).toMatchObject([{ code: 'INSTANCE_NOT_RUNNING', status: 409, message }]);
    expect(requests.waited).toBe(0);
  });

  it('gets the settings for its body with the lease', async () => {
    const settings = { upstream_model: 'm', request_defaults: { temperature: 0 }, request_strip: ['seed'] };
    await domain.create('a', settings);
    const requests = new Requests();
    requests.send();
    await domain.settle();
    expect(requests.leases).toMatchObject([{ record: { settings } }]);
  });

  it('gets the values of the preset with the lease, and those that the instance sets itself', async () => {
    const presets = {
      coding: { request_defaults: { temperature: 0, seed: 1 }, system_prompt: 'Write code.' },
      brief: { system_prompt: 'Be brief.' },
    };
    domain = new Domain(undefined, { presets });
    await domain.create('a', { preset: 'coding', request_defaults: { temperature: 1 } });
    const requests = new Requests();
    const patches = [
      {},
      { system_prompt: 'Own.' },
      { preset: 'brief' },
      { system_prompt: null },
      { system_prompt: '' },
      { preset: 'constructor', system_prompt: null },
    ];
    for (const patch of patches) {
      await domain.manager.update('a', patch, { restart: false });
      requests.send();
      await domain.settle();
    }
    const seen = requests.leases.map(({ record: { settings } }) => [settings.system_prompt, settings.request_defaults]);
    const own = { temperature: 1 };
    expect(seen).toEqual([
      ['Write code.', { temperature: 1, seed: 1 }],
      ['Own.', { temperature: 1, seed: 1 }],
      ['Own.', own],
      ['Be brief.', own],
      ['', own],
      [undefined, own],
    ]);
    expect(domain.manager.get('a')).toMatchObject({ restart_required: false });
  });

  it('does not start the instance if instance or key forbid it', async () => {
    await domain.create('a', { on_demand: false });
    await domain.create('b');
    const requests = new Requests();
    requests.send();
    requests.send(1, 'b', { mayStart: false });
    await domain.settle();
    expect(requests.outcomes).toEqual([
      refusalOf({ code: 'INSTANCE_NOT_RUNNING', status: 409, message: 'a is stopped; start it first.', extras: {} }),
      refusalOf({ code: 'INSTANCE_NOT_RUNNING', status: 409, message: 'b is stopped; start it first.', extras: {} }),
    ]);
    expect(domain.world.processes).toEqual([]);
  });

  it('starts the instance as soon as a change allows it', async () => {
    await domain.create('a', { on_demand: false });
    await domain.manager.update('a', { on_demand: true }, { restart: false });
    const requests = new Requests();
    requests.send();
    await domain.settle();
    expect(requests.leases).toHaveLength(1);
  });

  it('does not start the instance again after a reboot; a start by command does', async () => {
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
  it('refuses all waiting requests at once, with the reason', async () => {
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

  it('refuses waiting requests also when the engine exits while it loads', async () => {
    loadsSlowly();
    const id = await domain.create();
    const requests = new Requests();
    requests.send();
    await domain.settle();
    domain.world.exit(id, 1, domain.clock.now());
    await domain.settle();
    expect(requests.outcomes).toMatchObject([{ code: 'START_FAILED', reason: 'the engine ended with 1' }]);
  });

  it('is not retried for half a minute, and then once', async () => {
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

  it('does not delay a start by command', async () => {
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
  it('a request that leaves is dropped, and the start continues', async () => {
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

  it('a request that leaves at the moment of its lease keeps no lease', async () => {
    await domain.createRunning('a', { concurrency: 1 });
    const requests = new Requests();
    requests.send(3);
    await domain.settle();
    requests.finish();
    requests.leaving[1]?.abort();
    await domain.settle();
    expect([requests.leases.length, requests.left]).toEqual([2, 1]);
  });

  it('a stop refuses them, also during a backoff', async () => {
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

  it('a shutdown of llamactl refuses them, and all later ones', async () => {
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
  it('waits for a short backoff', async () => {
    const id = await domain.createRunning();
    domain.world.exit(id, 1, domain.clock.now());
    await domain.settle();
    const requests = new Requests();
    requests.send();
    await domain.pass(4_000);
    expect([requests.leases.length, domain.status()]).toEqual([1, 'running']);
  });

  it('is refused after five seconds of a longer backoff, with the time of its end', async () => {
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

describe('an instance with a concurrency limit', () => {
  it('lets callers take turns', async () => {
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

  it('never exceeds the limit, whatever comes at the same time', async () => {
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

  it('serves waiting requests when the limit is raised', async () => {
    await domain.createRunning('a', { concurrency: 1 });
    const requests = new Requests();
    requests.send(3);
    await domain.settle();
    expect(requests.leases).toHaveLength(1);
    await domain.manager.update('a', { concurrency: 2 }, { restart: false });
    await domain.settle();
    expect(requests.leases).toHaveLength(2);
  });

  it('refuses requests beyond the queue limit', async () => {
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

  it('reports a full queue while it loads, not a lack of slots', async () => {
    loadsSlowly();
    await domain.create('a', { queue_limit: 1 });
    const requests = new Requests();
    requests.send(1);
    await domain.settle();
    requests.send(1);
    await domain.settle();
    expect(requests.outcomes).toMatchObject([{ code: 'RATE_LIMITED', status: 429 }]);
  });

  it('lets no request wait with a queue limit of 0, except the first of a start', async () => {
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

  it('serves the waiting requests with the next engine when this one dies', async () => {
    const id = await domain.createRunning('a', { concurrency: 1 });
    const requests = new Requests();
    requests.send(2);
    await domain.settle();
    domain.world.exit(id, 1, domain.clock.now());
    await domain.pass(4_000);
    expect(requests.leases.map(({ signal }) => signal.aborted)).toEqual([true, false]);
  });

  it('reports that it failed, not its start, when it does not restart', async () => {
    const id = await domain.createRunning('a', { concurrency: 1, auto_restart: false });
    const requests = new Requests();
    requests.send(2);
    await domain.settle();
    domain.world.exit(id, 1, domain.clock.now());
    await domain.settle();
    expect(requests.outcomes[1]).toMatchObject({ code: 'INSTANCE_NOT_RUNNING', reason: 'the engine ended with 1' });
  });
});
