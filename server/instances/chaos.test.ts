import { ApiError } from '@llamactl/contract/errors';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Domain } from '../testing/domain.ts';
import type { Lease } from './slots/leases.ts';

/** Random commands and deaths of engines and llamactl, in any order and at any moment. Fakes make it take milliseconds. */

type Step =
  | {
      do:
        | 'start'
        | 'stop'
        | 'force-stop'
        | 'restart'
        | 'apply'
        | 'delete-and-create'
        | 'exit'
        | 'crash'
        | 'reboot'
        | 'lease'
        | 'fail-spawn';
    }
  | { do: 'pass'; milliseconds: number }
  | { do: 'settle' };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    do: fc.constantFrom(
      'start',
      'stop',
      'force-stop',
      'restart',
      'apply',
      'delete-and-create',
      'exit',
      'crash',
      'reboot',
      'lease',
      'fail-spawn',
    ),
  }),
  fc.record({ do: fc.constant('pass'), milliseconds: fc.constantFrom(5, 500, 3_000, 40_000) }),
  fc.record({ do: fc.constant('settle') }),
);

/** Accepts an `ApiError` as an answer; any other error is a fault. */
async function answered(call: Promise<unknown>): Promise<void> {
  await call.catch((error: unknown) => {
    if (!(error instanceof ApiError)) throw error;
  });
}

async function take(domain: Domain, what: Step): Promise<Domain> {
  const { manager } = domain;
  switch (what.do) {
    case 'start':
      void answered(manager.start('a'));
      return domain;
    case 'stop':
      void answered(manager.stop('a', { timeout: 2 }));
      return domain;
    case 'force-stop':
      void answered(manager.stop('a', { force: true }));
      return domain;
    case 'restart':
      void answered(manager.restart('a', { timeout: 2 }));
      return domain;
    case 'apply':
      void answered(manager.update('a', { unlisted: true }, { restart: true }));
      return domain;
    case 'delete-and-create':
      void answered(manager.remove('a').then(() => manager.create({ name: 'a', model_path: '/m.gguf' })));
      return domain;
    case 'lease':
      void answered(domain.acquire());
      return domain;
    case 'exit': {
      const [process] = domain.world.alive();
      if (process !== undefined) domain.world.exit(process.run, 1, domain.clock.now());
      return domain;
    }
    case 'fail-spawn':
      domain.supervisor.spawnFailures.push('the disk is full');
      return domain;
    case 'crash':
      return domain.crash();
    case 'reboot':
      domain.world.reboot(domain.clock.now());
      return domain.crash();
    case 'pass':
      await domain.pass(what.milliseconds);
      return domain;
    case 'settle':
      await domain.settle();
      return domain;
  }
}

/** Steps for three instances that share fewer slots. */
type CrowdStep =
  | { do: 'ask' | 'leave' | 'finish' | 'start' | 'stop' | 'restart' | 'pin' | 'exit'; instance: 'a' | 'b' | 'c' }
  | { do: 'start-all' | 'fail-spawn' }
  | { do: 'pass'; milliseconds: number };

const crowdStep: fc.Arbitrary<CrowdStep> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constantFrom('ask', 'ask', 'ask', 'leave', 'finish', 'finish', 'start', 'stop', 'restart', 'pin', 'exit'),
      instance: fc.constantFrom('a', 'b', 'c'),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('start-all', 'fail-spawn') }) },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('pass'), milliseconds: fc.constantFrom(0, 5, 150, 3_000, 11_000, 40_000) }),
  },
);

/** Requests for instances that share slots. Each must end: answered, refused, or left by its caller. */
class Crowd {
  readonly waiting = new Map<object, { instance: string; leaving: AbortController }>();
  readonly leases = new Set<Lease>();
  /** Updates of `pinned` under way. They may be stored in another order than they were requested. */
  readonly pins: Promise<void>[] = [];
  ended = 0;
  asked = 0;
  readonly #domain: Domain;

  constructor(domain: Domain) {
    this.#domain = domain;
  }

  ask(instance: string): void {
    this.asked += 1;
    const leaving = new AbortController();
    const request = {};
    this.waiting.set(request, { instance, leaving });
    void this.#domain
      .acquire(instance, { signal: leaving.signal, caller: `${this.asked % 3}` })
      .then(
        (lease) => {
          this.leases.add(lease);
        },
        (error: unknown) => {
          this.ended += 1;
          if (!leaving.signal.aborted && !(error instanceof ApiError)) throw error;
        },
      )
      .finally(() => this.waiting.delete(request));
  }

  leave(instance: string): void {
    for (const each of this.waiting.values()) if (each.instance === instance) return each.leaving.abort();
  }

  finish(instance: string): void {
    for (const lease of this.leases) if (lease.instance === instance || lease.signal.aborted) this.end(lease);
  }

  end(lease: Lease): void {
    this.leases.delete(lease);
    lease.release();
    this.ended += 1;
  }
}

async function act(domain: Domain, crowd: Crowd, step: CrowdStep): Promise<void> {
  const { manager } = domain;
  switch (step.do) {
    case 'ask':
    case 'leave':
    case 'finish':
      return crowd[step.do](step.instance);
    case 'start':
    case 'stop':
    case 'restart':
      return void answered(manager[step.do](step.instance));
    case 'pin': {
      const { pinned } = manager.get(step.instance);
      crowd.pins.push(answered(manager.update(step.instance, { pinned: !pinned }, { restart: false })));
      return;
    }
    case 'exit': {
      const process = domain.world.alive().find(({ plan }) => plan.argv.includes(step.instance));
      if (process !== undefined) domain.world.exit(process.run, 1, domain.clock.now());
      return;
    }
    case 'start-all':
      return void answered(manager.startAll());
    case 'fail-spawn':
      domain.supervisor.spawnFailures.push('the disk is full');
      return;
    case 'pass':
      return domain.pass(step.milliseconds);
  }
}

describe('random requests for three instances that share one or two slots', () => {
  it(
    'never run more engines than slots, all end, and only a stop or a death cuts one',
    { timeout: 120_000 },
    async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.constantFrom(1, 2),
          fc.array(crowdStep, { minLength: 10, maxLength: 60 }),
          async (slots, steps) => {
            const domain = new Domain(undefined, {
              settings: { max_running: slots, idle_timeout: 30 },
              groups: { big: { max_running: 1 } },
            });
            await domain.create('a', { group: 'big', concurrency: 2 });
            await domain.create('b', { group: 'big' });
            await domain.create('c', { queue_limit: 2 });
            const crowd = new Crowd(domain);
            const wasCut = new Set<string>();
            for (const step of steps) {
              await act(domain, crowd, step);
              if ('instance' in step && ['stop', 'restart', 'exit'].includes(step.do)) wasCut.add(step.instance);
              const cut = [...crowd.leases].filter(({ signal, instance }) => signal.aborted && !wasCut.has(instance));
              expect(cut, 'an eviction never cuts a request').toEqual([]);
            }
            expect(domain.world.mostAlive).toBeLessThanOrEqual(slots);
            await Promise.all(crowd.pins);
            for (const name of ['a', 'b', 'c'])
              await domain.manager.update(name, { pinned: false }, { restart: false });
            for (let round = 0; round < 400 && crowd.ended < crowd.asked; round += 1) {
              for (const lease of crowd.leases) crowd.end(lease);
              await domain.pass(500);
            }
            expect([crowd.ended, crowd.waiting.size], 'every request ends').toEqual([crowd.asked, 0]);
            expect(domain.world.mostAlive).toBeLessThanOrEqual(slots);
            expect(domain.faults).toEqual([]);
            for (let second = 0; second < 100; second += 1) await domain.pass(1_000);
            const ups = domain.manager.list().filter(({ status }) => status === 'running' || status === 'starting');
            expect(ups, 'idle instances are stopped').toEqual([]);
          },
        ),
        { numRuns: 150 },
      );
    },
  );
});

describe('random commands and deaths', () => {
  it(
    'never lead to two processes or a wrong status, and the instance can be stopped',
    { timeout: 120_000 },
    async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
          let domain = new Domain();
          await domain.create('a');
          for (const each of steps) {
            domain = await take(domain, each);
            const alive = domain.world.alive();
            expect(alive.length, 'never two engines').toBeLessThanOrEqual(1);
          }
          await domain.pass(700_000);
          expect(domain.faults).toEqual([]);
          for (const { status, pid } of domain.manager.list().map(({ name }) => domain.manager.get(name))) {
            expect(['stopped', 'running', 'failed', 'restarting'], 'nothing hangs').toContain(status);
            expect(pid === null).toBe(domain.world.alive().length === 0);
          }
          for (const { name } of domain.manager.list()) {
            await domain.manager.stop(name, { timeout: 0 });
            await domain.pass(1);
            expect(domain.status(name)).toBe('stopped');
          }
          expect(domain.world.alive()).toEqual([]);
        }),
        { numRuns: 150 },
      );
    },
  );
});
