import { describe, expect, it } from 'vitest';
import { Domain } from '../../testing/domain.ts';
import type { FakeMemory } from '../../testing/fake-memory.ts';

/** Engines that share several GPUs. Amounts are bytes. */

function machineWith(gpus: Record<string, number>, models: Record<string, number>): Domain {
  const domain = new Domain(undefined, { machine: { ram: 1_000, ...gpus } });
  for (const [name, bytes] of Object.entries(models)) memoryOf(domain).placed.set(`/${name}.gguf`, bytes);
  return domain;
}

function memoryOf({ machine }: Domain): FakeMemory {
  if (machine === null) throw new Error('the domain has no memory');
  return machine;
}

async function create(domain: Domain, settings: object, ...names: string[]): Promise<void> {
  for (const name of names) await domain.create(name, { model_path: `/${name}.gguf`, ...settings });
}

async function answer(domain: Domain, name: string): Promise<void> {
  const asked = domain.acquire(name);
  await domain.settle();
  (await asked).release();
  await domain.pass(1_000);
}

/** The GPU of each running engine, by name; `null`: all GPUs. */
const gpusOf = (domain: Domain, ...names: string[]): (string | null)[] =>
  names.map((name) => {
    const process = domain.world.alive().find(({ plan }) => plan.argv.includes(`/${name}.gguf`));
    return process === undefined ? 'none' : (process.plan.gpuVariables?.['GPU'] ?? null);
  });

const TWO = { 'nvidia:0': 1_000, 'nvidia:1': 1_000 };

describe('an engine on a machine with two GPUs', () => {
  it('gets the GPU on which it fits beside the others', async () => {
    const domain = machineWith(TWO, { a: 600, b: 600 });
    await create(domain, {}, 'a', 'b');
    for (const name of ['a', 'b']) await answer(domain, name);
    expect(gpusOf(domain, 'a', 'b')).toEqual(['nvidia:0', 'nvidia:1']);
    expect(domain.manager.get('b').memory).toMatchObject([{ device: 'nvidia:1' }]);
    expect(domain.manager.get('b').restart_required).toBe(false);
  });

  it('gets both if one is too small', async () => {
    const domain = machineWith(TWO, { a: 1_600 });
    await create(domain, {}, 'a');
    await answer(domain, 'a');
    expect(gpusOf(domain, 'a')).toEqual([null]);
  });

  it('gets the rest of both before another has to stop', async () => {
    const domain = machineWith(TWO, { a: 600, b: 600, c: 700 });
    await create(domain, {}, 'a', 'b', 'c');
    for (const name of ['a', 'b', 'c']) await answer(domain, name);
    expect(gpusOf(domain, 'a', 'b', 'c')).toEqual(['nvidia:0', 'nvidia:1', null]);
  });

  it('gets one GPU for which the fewest others stop', async () => {
    const domain = machineWith(TWO, { a: 300, b: 300, c: 900, d: 950 });
    await create(domain, {}, 'a', 'b', 'c', 'd');
    for (const name of ['a', 'b', 'c', 'd']) await answer(domain, name);
    expect(gpusOf(domain, 'a', 'b', 'c', 'd')).toEqual(['nvidia:0', 'nvidia:0', 'none', 'nvidia:1']);
  });

  it('gets another GPU than that of a pinned one which it would not fit beside', async () => {
    const domain = machineWith(TWO, { a: 600, b: 600, c: 900 });
    await create(domain, { pinned: true }, 'a');
    await create(domain, {}, 'b', 'c');
    for (const name of ['a', 'b', 'c']) await answer(domain, name);
    expect(gpusOf(domain, 'a', 'b', 'c')).toEqual(['nvidia:0', 'none', 'nvidia:1']);
  });

  it('keeps its GPU in the books of the next server', async () => {
    const domain = machineWith(TWO, { a: 600, b: 600 });
    await create(domain, {}, 'a', 'b');
    await answer(domain, 'a');
    const next = await domain.crash();
    await next.settle();
    await answer(next, 'b');
    expect(gpusOf(next, 'a', 'b')).toEqual(['nvidia:0', 'nvidia:1']);
  });

  it('keeps its GPU in the books of the next server, which restarts it while it loads', async () => {
    const domain = machineWith(TWO, { a: 600 });
    domain.world.defaults = { ...domain.world.defaults, isReady: false };
    await create(domain, {}, 'a');
    await domain.manager.start('a');
    await domain.pass(1_000);
    const next = await domain.crash();
    await next.pass(2_000);
    for (const process of next.world.alive()) process.endsBy = 'nothing';
    await next.manager.restart('a');
    expect(next.manager.get('a')).toMatchObject({ status: 'restarting', memory: [{ device: 'nvidia:0' }] });
  });

  it('is spread by start-all', async () => {
    const domain = machineWith(TWO, { a: 600, b: 600, c: 900 });
    await create(domain, {}, 'a', 'b', 'c');
    await domain.manager.startAll();
    await domain.pass(1_000);
    expect(gpusOf(domain, 'a', 'b', 'c')).toEqual(['nvidia:0', 'nvidia:1', null]);
  });

  it('tries each GPU once if its engine reports more than an estimate, then all', async () => {
    const domain = machineWith(TWO, { a: 900 });
    Object.assign(memoryOf(domain), { source: 'estimated', reports: true });
    domain.world.defaults = { ...domain.world.defaults, isReady: false };
    domain.logs.output.set('*', ['the report']);
    domain.adapter.fitted = () => {
      const gpu = domain.world.processes.at(-1)?.plan.gpuVariables?.['GPU'];
      const devices = gpu === undefined ? Object.keys(TWO) : [gpu];
      const cache = 1_200 / devices.length;
      return { devices: devices.map((device) => ({ device, weights: 0, cache, compute: 0 })), isReduced: true };
    };
    await create(domain, {}, 'a');
    await domain.manager.start('a');
    await domain.pass(20_000);
    const tried = domain.world.processes.map(({ plan }) => plan.gpuVariables?.['GPU'] ?? null);
    expect(tried).toEqual(['nvidia:0', 'nvidia:1', null]);
    await domain.manager.stop('a', { force: true });
    await domain.pass(10_000);
    await domain.manager.start('a');
    await domain.pass(10_000);
    expect(domain.world.processes).toHaveLength(4);
    expect(gpusOf(domain, 'a')).toEqual([null]);
  });

  describe('whose settings name another GPU', () => {
    const renameGpu = (domain: Domain): Promise<unknown> =>
      domain.manager.update('a', { environment: { GPU: 'nvidia:1' } }, { restart: false });

    it('before it is launched gets that one, however long the look at its memory takes', async () => {
      const domain = machineWith(TWO, { a: 600 });
      await create(domain, {}, 'a');
      const looked = Promise.withResolvers<void>();
      const machine = memoryOf(domain);
      const portHolder = domain.supervisor.portHolder.bind(domain.supervisor);
      domain.supervisor.portHolder = async (port) => {
        domain.supervisor.portHolder = portHolder;
        const read = machine.read.bind(machine);
        machine.read = async () => {
          await looked.promise;
          return read();
        };
        await domain.clock.advance(1_000);
        await renameGpu(domain);
        return portHolder(port);
      };
      await domain.manager.start('a');
      await domain.pass(1_000);
      expect(domain.world.processes).toEqual([]);
      looked.resolve();
      await domain.pass(1_000);
      const [process] = domain.world.alive();
      expect([process?.plan.environment, process?.plan.gpuVariables]).toEqual([{ GPU: 'nvidia:1' }, undefined]);
    });

    it('after it is launched keeps its own in the books', async () => {
      const domain = machineWith(TWO, { a: 600, b: 600 });
      domain.world.defaults = { ...domain.world.defaults, isReady: false };
      await create(domain, {}, 'a', 'b');
      await domain.manager.start('a');
      await domain.pass(1_000);
      await renameGpu(domain);
      await domain.pass(1_000);
      expect(domain.manager.get('a').memory).toMatchObject([{ device: 'nvidia:0' }]);
      await domain.manager.start('b');
      await domain.pass(1_000);
      expect(gpusOf(domain, 'a', 'b')).toEqual(['nvidia:0', 'nvidia:1']);
    });
  });
});
