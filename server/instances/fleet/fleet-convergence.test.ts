import type { Applied, Fleet } from '@llamactl/contract/fleet';
import type { CreateInstance } from '@llamactl/contract/instance';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Domain } from '../../testing/domain.ts';

/** Few names, aliases and ports, so that documents often collide with themselves and with each other. */
const word = fc.constantFrom('a', 'b', 'c', 'X');
const entries = fc.uniqueArray(
  fc.record(
    {
      name: fc.constantFrom('a', 'b', 'c', 'd'),
      model_path: fc.constant('/m.gguf'),
      port: fc.constantFrom(8_100, 8_101, 8_102),
      options: fc.dictionary(fc.constantFrom('threads', 'ctx_size'), fc.constantFrom(1, 2), { maxKeys: 2 }),
      environment: fc.dictionary(fc.constantFrom('A', 'B'), fc.constantFrom('1', '2'), { maxKeys: 2 }),
      aliases: fc.uniqueArray(word, { maxLength: 2 }),
      auto_start: fc.boolean(),
    },
    { requiredKeys: ['name', 'model_path'] },
  ),
  { selector: ({ name }) => name, maxLength: 4 },
);
const history = fc.array(
  fc.record({ wanted: entries, started: fc.subarray(['a', 'b', 'c', 'd']), prune: fc.boolean() }),
  {
    maxLength: 3,
  },
);
const slowPorts = fc.subarray([8_100, 8_101, 8_102]);

async function apply(domain: Domain, instances: CreateInstance[], prune: boolean): Promise<Applied | null> {
  const applied = domain.instances.fleet.apply({ instances }, { prune, dryRun: false }).catch(() => null);
  await domain.pass(60_000);
  const outcome = await applied;
  // Restarts begin only after all removed instances have ended.
  await domain.pass(60_000);
  return outcome;
}

const sorted = ({ instances }: Fleet): CreateInstance[] => instances.toSorted((a, b) => (a.name < b.name ? -1 : 1));

it('after an apply, only the document decides what exists, and a second apply does nothing', async () => {
  await fc.assert(
    fc.asyncProperty(history, entries, slowPorts, async (past, wanted, slow) => {
      const used = new Domain();
      for (const { wanted: before, started, prune } of past) {
        await apply(used, before, prune);
        await used.manager.startAll(started);
        await used.settle();
        // Some end at once and some only by SIGKILL, so ports become free in any order.
        for (const process of used.world.alive())
          process.endsBy = slow.includes(process.plan.port) ? 'SIGKILL' : 'SIGTERM';
      }
      const before = used.instances.fleet.export();
      const fresh = new Domain();
      const made = await apply(fresh, wanted, false);
      const applied = await apply(used, wanted, true);
      expect(applied === null, 'both refuse, or neither').toBe(made === null);
      if (applied === null) {
        expect(used.instances.fleet.export()).toEqual(before);
        return;
      }

      expect(applied.results.filter(({ error }) => error !== undefined)).toEqual([]);
      expect(sorted(used.instances.fleet.export())).toEqual(sorted(fresh.instances.fleet.export()));
      const ports = used.manager.list().map(({ port }) => port);
      expect(new Set(ports).size).toBe(ports.length);
      for (const { name } of used.manager.list()) {
        const { status, restart_required: isBehind, reason } = used.manager.get(name);
        expect([name, status, isBehind, reason]).toEqual([
          name,
          expect.stringMatching(/^(running|stopped)$/),
          false,
          null,
        ]);
      }

      const commits = used.store.commits;
      const again = await apply(used, wanted, true);
      expect(again?.results.every(({ action }) => action === 'nothing')).toBe(true);
      await apply(used, used.instances.fleet.export().instances, true);
      expect(used.store.commits).toBe(commits);
      expect(used.faults).toEqual([]);
    }),
    { numRuns: 300 },
  );
});
