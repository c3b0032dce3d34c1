import { ApiError } from '@llamactl/contract/errors';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Domain } from '../testing/domain.ts';

/** Any commands, deaths of engines and of llamactl itself, in any order and at any moment; on fakes, so in milliseconds. */

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

/** A refusal is an answer; anything else is a fault. */
async function answered(call: Promise<unknown>): Promise<void> {
  await call.catch((error: unknown) => {
    if (!(error instanceof ApiError)) throw error;
  });
}

async function take(domain: Domain, what: Step): Promise<Domain> {
  const { manager } = domain;
  const never = new AbortController().signal;
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
      void answered(manager.acquire({ instance: 'a', caller: 'x', signal: never }));
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

describe('whatever happens', () => {
  it('one process at most, what is shown is what is, and it can be stopped', { timeout: 120_000 }, async () => {
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
  });
});
