import { describe, expect, it } from 'vitest';
import { Domain, type DomainOptions } from '../../testing/domain.ts';
import type { DeviceMemory } from '../ports/machine-memory.ts';
import type { FakeMemory } from '../../testing/fake-memory.ts';
import type { Lease } from './leases.ts';

/** Instances that share the memory of a machine. Amounts are bytes. */

const KIB = 1_024;
const MB = 1_000_000;

function machineWith(
  devices: Record<string, number>,
  models: Record<string, Record<string, number>>,
  options: DomainOptions = {},
): Domain {
  const domain = new Domain(undefined, { machine: devices, ...options });
  for (const [name, needs] of Object.entries(models)) memoryOf(domain).models.set(`/${name}.gguf`, needs);
  return domain;
}

function memoryOf({ machine }: Domain): FakeMemory {
  if (machine === null) throw new Error('the domain has no memory');
  return machine;
}

async function create(domain: Domain, settings: object, ...names: string[]): Promise<void> {
  for (const name of names) await domain.create(name, { model_path: `/${name}.gguf`, ...settings });
}

/** Gets a lease; no time passes. */
async function lease(domain: Domain, instance: string): Promise<Lease> {
  const asked = domain.acquire(instance);
  await domain.settle();
  return asked;
}

/** Answers one request; no time passes. */
async function answer(domain: Domain, instance: string): Promise<void> {
  const leased = await lease(domain, instance);
  leased.release();
}

const statuses = (domain: Domain, ...names: string[]): string[] => names.map((name) => domain.status(name));

/** Records the highest use of each device whenever a process starts. */
function watchUse(domain: Domain, device: string): () => number {
  let most = 0;
  const launch = domain.world.launch.bind(domain.world);
  domain.world.launch = (...args) => {
    const process = launch(...args);
    most = Math.max(most, memoryOf(domain).usedOf(device));
    return process;
  };
  return () => most;
}

describe('two models that do not fit together', () => {
  it('answer forty requests at once with one swap, and never exceed the memory', async () => {
    const domain = machineWith({ ram: 1_000 }, { a: { ram: 600 }, b: { ram: 600 } });
    await create(domain, {}, 'a', 'b');
    const most = watchUse(domain, 'ram');
    const answered: string[] = [];
    const requests = Array.from({ length: 40 }, async (_, index) => {
      const instance = index % 2 === 0 ? 'a' : 'b';
      const leased = await domain.acquire(instance);
      domain.clock.after(1_000, () => {
        answered.push(instance);
        leased.release();
      });
    });
    for (let passed = 0; passed < 5_000; passed += 100) await domain.pass(100);
    await Promise.all(requests);
    expect(answered).toHaveLength(40);
    expect([domain.world.mostAlive, domain.world.processes.length, most()]).toEqual([1, 2, 600]);
  });

  it('run beside each other with memory on two devices', async () => {
    const domain = machineWith(
      { ram: 1_000, 'nvidia:0': 1_000 },
      { a: { ram: 600 }, b: { ram: 300, 'nvidia:0': 900 } },
    );
    await create(domain, {}, 'a', 'b');
    for (const name of ['a', 'b']) await answer(domain, name);
    expect(domain.world.mostAlive).toBe(2);
  });
});

describe('a start without enough free memory', () => {
  it('evicts only what it needs, the least recently used first', async () => {
    const needs = { a: { ram: 300 }, b: { ram: 300 }, c: { ram: 300 }, d: { ram: 350 } };
    const domain = machineWith({ ram: 1_000 }, needs);
    await create(domain, {}, 'a', 'b', 'c', 'd');
    for (const name of ['a', 'b', 'c', 'd']) {
      await answer(domain, name);
      await domain.pass(1_000);
    }
    expect(statuses(domain, 'a', 'b', 'c', 'd')).toEqual(['stopped', 'running', 'running', 'running']);
  });

  it('waits for an instance in use, names it, and leaves it alone until its request ends', async () => {
    const domain = machineWith({ ram: 1_000 }, { a: { ram: 600 }, b: { ram: 600 } });
    await create(domain, {}, 'a', 'b');
    const busy = await lease(domain, 'a');
    const waiting = domain.acquire('b');
    await domain.pass(5_000);
    expect(statuses(domain, 'a', 'b')).toEqual(['running', 'starting']);
    expect([domain.manager.get('b').waits_for, domain.manager.list()[1]?.waits_for]).toEqual([['a'], ['a']]);
    expect(domain.manager.get('a').waits_for).toEqual([]);
    busy.release();
    await domain.pass(100);
    await waiting;
    expect(statuses(domain, 'a', 'b')).toEqual(['stopped', 'running']);
    expect(domain.manager.get('b').waits_for).toEqual([]);
  });

  it('is not started by start-all if the configuration limits the memory', async () => {
    const limit = { memory: { devices: { ram: { limit_mb: 1 } } } };
    const domain = machineWith({ ram: 4_096 * KIB }, { a: { ram: 600 * KIB }, b: { ram: 600 * KIB } }, limit);
    await create(domain, {}, 'a', 'b');
    const error: unknown = expect.stringContaining('too little memory');
    expect(await domain.manager.startAll()).toEqual([
      { name: 'a', status: 'starting' },
      { name: 'b', status: 'stopped', error, code: 'CAPACITY_EXCEEDED' },
    ]);
  });
});

describe('start-all without a limit of the configuration', () => {
  it('starts all beside each other, and the next single start evicts what it needs', async () => {
    const needs = { a: { ram: 600 }, b: { ram: 600 }, c: { ram: 600 } };
    const domain = machineWith({ ram: 1_000 }, needs);
    await create(domain, {}, 'a', 'b', 'c');
    expect(await domain.manager.startAll(['a', 'b'])).toMatchObject([{ status: 'starting' }, { status: 'starting' }]);
    await domain.settle();
    expect(statuses(domain, 'a', 'b', 'c')).toEqual(['running', 'running', 'stopped']);
    await answer(domain, 'c');
    await domain.pass(1_000);
    expect(statuses(domain, 'a', 'b', 'c')).toEqual(['stopped', 'stopped', 'running']);
  });
});

describe('a restart', () => {
  const swappable = { a: { ram: 300 }, b: { ram: 500 }, large: { ram: 800 }, huge: { ram: 1_100 } };

  it('waits until the memory of its new settings is free, and evicts for it', async () => {
    const domain = machineWith({ ram: 1_000 }, swappable);
    await create(domain, {}, 'a', 'b');
    const most = watchUse(domain, 'ram');
    for (const name of ['a', 'b']) await answer(domain, name);
    const busy = await lease(domain, 'b');
    await domain.manager.update('a', { model_path: '/large.gguf' }, { restart: true });
    await domain.pass(2_000);
    expect(statuses(domain, 'a', 'b')).toEqual(['starting', 'running']);
    expect(domain.manager.get('a').waits_for).toEqual(['b']);
    busy.release();
    await domain.pass(1_000);
    expect(statuses(domain, 'a', 'b')).toEqual(['running', 'stopped']);
    expect(most()).toBe(800);
  });

  it('waits until the memory of the run before it is free', async () => {
    const domain = machineWith({ 'nvidia:0': 1_000 * MB }, { a: { 'nvidia:0': 800 * MB } });
    await create(domain, {}, 'a');
    await answer(domain, 'a');
    memoryOf(domain).kept.set('nvidia:0', 800 * MB);
    await domain.manager.restart('a');
    await domain.pass(1_000);
    expect([domain.status('a'), domain.world.alive().length]).toEqual(['starting', 0]);
    memoryOf(domain).kept.clear();
    await domain.pass(250);
    expect(domain.status('a')).toBe('running');
  });

  it('is refused if it can never fit, and the engine goes on', async () => {
    const domain = machineWith({ ram: 1_000 }, swappable);
    await create(domain, {}, 'a');
    await answer(domain, 'a');
    const update = domain.manager.update('a', { model_path: '/huge.gguf' }, { restart: true });
    await expect(update).rejects.toMatchObject({ code: 'DOES_NOT_FIT', status: 409 });
    await domain.manager.update('a', { model_path: '/huge.gguf' }, { restart: false });
    await expect(domain.manager.restart('a')).rejects.toMatchObject({ code: 'DOES_NOT_FIT', status: 409 });
    expect([domain.status('a'), domain.world.processes.length]).toEqual(['running', 1]);
  });

  it('of two instances at once, which do not fit together any more, ends with one that runs', async () => {
    const domain = machineWith({ ram: 1_000 }, { ...swappable, b: { ram: 300 } });
    await create(domain, {}, 'a', 'b');
    for (const name of ['a', 'b']) await answer(domain, name);
    for (const name of ['a', 'b']) await domain.manager.update(name, { model_path: '/large.gguf' }, { restart: false });
    await Promise.all(['a', 'b'].map((name) => domain.manager.restart(name)));
    await domain.pass(12_000);
    expect(statuses(domain, 'a', 'b')).toEqual(['stopped', 'running']);
    expect(memoryOf(domain).usedOf('ram')).toBe(800);
  });
});

describe('a start whose engine reports what it needs', () => {
  const reports = (domain: Domain, bytes: number): void => {
    domain.logs.output.set('*', ['the report']);
    domain.adapter.reported = {
      devices: [{ device: 'ram', weights: 0, cache: bytes, compute: 0 }],
      isReduced: false,
    };
  };
  const limited = async (): Promise<Domain> => {
    const limits = { memory: { devices: { ram: { limit_mb: 1 } } } };
    const domain = machineWith({ ram: 4_096 * KIB }, { a: { ram: 500 * KIB }, b: { ram: 500 * KIB } }, limits);
    memoryOf(domain).source = 'estimated';
    domain.world.defaults = { ...domain.world.defaults, isReady: false };
    await create(domain, {}, 'a', 'b');
    return domain;
  };

  it('holds as much as that', async () => {
    const domain = await limited();
    reports(domain, 800 * KIB);
    await domain.manager.start('a');
    await domain.pass(100);
    expect(domain.status('a')).toBe('starting');
    await domain.manager.start('b');
    await domain.pass(1_000);
    expect([domain.world.alive().length, domain.manager.get('b').waits_for]).toEqual([1, ['a']]);
  });

  it('is stopped before it loads if that can never be free, and is refused from then on', async () => {
    const domain = await limited();
    reports(domain, 1_200 * KIB);
    await domain.manager.start('a');
    await domain.pass(1_000);
    expect(domain.manager.get('a')).toMatchObject({
      status: 'failed',
      reason: expect.stringContaining('1.17 MiB') as string,
    });
    expect([domain.world.processes.length, domain.world.alive().length]).toEqual([1, 0]);
    await expect(domain.manager.start('a')).rejects.toMatchObject({ code: 'DOES_NOT_FIT' });
  });

  it('is stopped before it loads if others hold it, and starts when they have stopped', async () => {
    const domain = await limited();
    await domain.manager.start('a');
    await domain.pass(100);
    for (const process of domain.world.alive()) process.isReady = true;
    await domain.pass(1_000);
    const busy = await lease(domain, 'a');
    reports(domain, 800 * KIB);
    await domain.manager.start('b');
    await domain.pass(1_000);
    expect([statuses(domain, 'a', 'b'), domain.world.alive().length]).toEqual([['running', 'starting'], 1]);
    busy.release();
    await domain.pass(1_000);
    expect([statuses(domain, 'a', 'b'), domain.world.alive().length]).toEqual([['stopped', 'starting'], 1]);
    expect(domain.world.processes).toHaveLength(3);
  });
});

it('an instance shows what its run holds, and nothing when it has stopped', async () => {
  const domain = machineWith({ ram: 1_000 }, { a: { ram: 600 } });
  await create(domain, {}, 'a');
  await answer(domain, 'a');
  const memory = [{ device: 'ram', need: 600, source: 'projected' }];
  expect([domain.manager.get('a').memory, domain.manager.list()[0]?.memory]).toEqual([memory, memory]);
  await domain.manager.stop('a');
  await domain.settle();
  expect(domain.manager.get('a').memory).toBeUndefined();
  expect(domain.manager.list()[0]?.memory).toBeUndefined();
});

it('what a run used is remembered when it ends', async () => {
  const domain = machineWith({ ram: 1_000 }, { a: { ram: 600 } });
  await create(domain, {}, 'a');
  await answer(domain, 'a');
  await domain.manager.stop('a');
  await domain.settle();
  expect(memoryOf(domain).noted).toEqual([{ ram: expect.any(Number) as number, gpus: null }]);
  domain.world.defaults = { ...domain.world.defaults, isReady: false };
  await domain.manager.start('a');
  await domain.pass(100);
  await domain.manager.stop('a');
  await domain.settle();
  expect(memoryOf(domain).noted).toHaveLength(1);
});

describe('a start that cannot fit', () => {
  const limits = { memory: { devices: { ram: { limit_mb: 1 } } } };
  const tooLarge = { a: { ram: 1_100 * KIB } };

  it('is refused at once, and the message says what would fit', async () => {
    const domain = machineWith({ ram: 4_096 * KIB }, tooLarge, limits);
    memoryOf(domain).suggestions = [{ label: 'a context of 1024 tokens', options: { ctx_size: 1_024 } }];
    await create(domain, {}, 'a');
    const message =
      'a cannot start: it needs 1.07 MiB of ram, and can get at most 1 MiB; it would fit with a context of 1024 tokens; or raise `memory.devices.ram.limit_mb` or `memory.overcommit` (now 1).';
    await expect(domain.manager.start('a')).rejects.toMatchObject({ code: 'DOES_NOT_FIT', status: 409, message });
    await expect(domain.acquire('a')).rejects.toMatchObject({ code: 'DOES_NOT_FIT', status: 503, message });
    expect((await domain.manager.health('a')).start_obstacle).toMatchObject({ code: 'DOES_NOT_FIT' });
    expect([domain.status('a'), domain.world.processes.length]).toEqual(['stopped', 0]);
  });

  it('runs with overcommit, and without admission', async () => {
    for (const memory of [
      { ...limits.memory, overcommit: 1.2 },
      { ...limits.memory, admission: 'off' as const },
    ]) {
      const domain = machineWith({ ram: 4_096 * KIB }, tooLarge, { memory });
      await create(domain, {}, 'a');
      await domain.manager.start('a');
      await domain.settle();
      expect(domain.status('a')).toBe('running');
    }
  });

  it('is refused if pinned instances hold the memory', async () => {
    const domain = machineWith({ ram: 4_096 * KIB }, { a: { ram: 800 * KIB }, b: { ram: 800 * KIB } }, limits);
    await create(domain, { pinned: true }, 'a');
    await create(domain, {}, 'b');
    await domain.manager.start('a');
    await domain.settle();
    await expect(domain.manager.start('b')).rejects.toThrow('because pinned instances hold');
    expect(statuses(domain, 'a', 'b')).toEqual(['running', 'stopped']);
  });

  it('fails with the reason if other programs took the memory while it waited', async () => {
    const domain = machineWith({ 'nvidia:0': 1_000 }, { a: { 'nvidia:0': 600 }, b: { 'nvidia:0': 600 } });
    await create(domain, {}, 'a', 'b', 'c');
    const busy = await lease(domain, 'a');
    await domain.manager.start('b');
    await domain.pass(2_000);
    memoryOf(domain).foreign.set('nvidia:0', 500);
    await domain.manager.health('c');
    await domain.settle();
    expect(domain.manager.get('b')).toMatchObject({
      status: 'failed',
      reason: expect.stringContaining('it needs') as string,
    });
    busy.release();
  });
});

describe('a device without a limit', () => {
  it('lets a model run that is larger than the memory, if its weights are mapped, but alone', async () => {
    const domain = machineWith({ ram: 1_000 }, { a: { ram: 300 }, big: { ram: 1_500 } });
    memoryOf(domain).mapped.add('/big.gguf');
    await create(domain, {}, 'a', 'big');
    for (const name of ['a', 'big']) await answer(domain, name);
    expect(statuses(domain, 'a', 'big')).toEqual(['stopped', 'running']);
    await answer(domain, 'a');
    await domain.settle();
    expect(statuses(domain, 'a', 'big')).toEqual(['running', 'stopped']);
  });

  it('lets a mapped model run beside pinned ones and other programs that leave too little', async () => {
    const domain = machineWith({ ram: 1_000 }, { a: { ram: 300 }, big: { ram: 900 } }, { memory: { reserve_mb: 1 } });
    memoryOf(domain).mapped.add('/big.gguf');
    memoryOf(domain).foreign.set('ram', 950);
    await create(domain, { pinned: true }, 'a');
    await create(domain, {}, 'big');
    for (const name of ['a', 'big']) await answer(domain, name);
    expect(statuses(domain, 'a', 'big')).toEqual(['running', 'running']);
  });

  it('refuses a model whose memory cannot be dropped', async () => {
    const domain = machineWith({ ram: 1_000 }, { a: { ram: 1_001 } });
    await create(domain, {}, 'a');
    await expect(domain.manager.start('a')).rejects.toThrow('can get at most 0 MiB; raise `memory.overcommit` (now 1)');
  });

  const tooLarge = async (device: string): Promise<Domain> => {
    const domain = machineWith({ ram: 500, 'nvidia:0': 1_000 }, { a: { [device]: 400 }, big: { [device]: 1_001 } });
    memoryOf(domain).source = 'estimated';
    await create(domain, {}, 'a', 'big');
    await answer(domain, 'a');
    return domain;
  };

  it('tries a model that is too large by an estimate alone, beside no other', async () => {
    for (const device of ['ram', 'nvidia:0']) {
      const domain = await tooLarge(device);
      await answer(domain, 'big');
      expect(statuses(domain, 'a', 'big')).toEqual(['stopped', 'running']);
    }
  });

  it('refuses a model that is many times too large by an estimate', async () => {
    const domain = machineWith({ ram: 1_000 }, { a: { ram: 400 }, big: { ram: 4_001 } });
    Object.assign(memoryOf(domain), { source: 'estimated', reports: true });
    await create(domain, {}, 'a', 'big');
    await answer(domain, 'a');
    await expect(domain.manager.start('big')).rejects.toMatchObject({ code: 'DOES_NOT_FIT' });
    await expect(domain.acquire('big')).rejects.toThrow('it needs');
    expect(statuses(domain, 'a', 'big')).toEqual(['running', 'stopped']);
  });

  it('tries such a model beside the others if its engine reports its memory first', async () => {
    for (const [reported, after, ended] of [
      [1_001, ['running', 'failed'], 0],
      [700, ['stopped', 'running'], 1],
      [50, ['running', 'running'], 0],
    ] as const) {
      const domain = await tooLarge('nvidia:0');
      memoryOf(domain).reports = true;
      domain.world.defaults = { ...domain.world.defaults, isReady: false };
      domain.logs.output.set('*', ['the report']);
      const devices = [{ device: 'nvidia:0', weights: 0, cache: reported, compute: 0 }];
      domain.adapter.reported = { devices, isReduced: false };
      await domain.manager.start('big');
      await domain.pass(1_000);
      for (const process of domain.world.alive()) process.isReady = true;
      await domain.pass(1_000);
      expect(statuses(domain, 'a', 'big')).toEqual(after);
      const [first] = domain.world.processes;
      expect([first?.exit === null, domain.world.processes.length]).toEqual([ended === 0, 2 + ended]);
    }
  });
});

describe('a small model beside one that takes all memory but the reserve', () => {
  it('runs in that, so requests for both in turn swap nothing', async () => {
    const needs = { chat: { ram: 7_000 * KIB }, small: { ram: 700 * KIB } };
    for (const [isFilling, engines] of [
      [true, 2],
      [false, 1],
    ] as const) {
      const domain = machineWith({ ram: 8_192 * KIB }, needs, { memory: { reserve_mb: 1 } });
      if (isFilling) memoryOf(domain).filling.add('/chat.gguf');
      await create(domain, {}, 'chat', 'small');
      for (const name of ['chat', 'small']) await answer(domain, name);
      await domain.pass(1_000);
      expect(domain.world.alive()).toHaveLength(engines);
    }
  });
});

describe('an engine that chooses its own context', () => {
  const machine = async (needs: Record<string, number>, ...beside: string[]): Promise<Domain> => {
    const models = Object.fromEntries(Object.entries(needs).map(([name, bytes]) => [name, { 'nvidia:0': bytes }]));
    const domain = machineWith({ 'nvidia:0': 1_000 }, models, { memory: { reserve_mb: 0 } });
    memoryOf(domain).source = 'estimated';
    memoryOf(domain).smallest.set('/chat.gguf', { 'nvidia:0': 300 });
    await create(domain, {}, ...Object.keys(needs));
    for (const name of beside) {
      await answer(domain, name);
      await domain.pass(1_000);
    }
    return domain;
  };
  const heldBy = (domain: Domain, name: string): number | undefined => domain.manager.get(name).memory?.[0]?.need;

  it('starts beside others if its smallest one fits, and holds all that is free', async () => {
    const domain = await machine({ a: 600, chat: 900, b: 100 }, 'a', 'chat');
    expect([statuses(domain, 'a', 'chat'), heldBy(domain, 'chat')]).toEqual([['running', 'running'], 400]);
    await domain.manager.start('b');
    await domain.pass(1_000);
    // The least recently used one ends, because all memory is held.
    expect(statuses(domain, 'a', 'chat', 'b')).toEqual(['stopped', 'running', 'running']);
  });

  it('takes all that it would like if that is free', async () => {
    expect(heldBy(await machine({ a: 100, chat: 900 }, 'a', 'chat'), 'chat')).toBe(900);
  });

  it('evicts only as much as its smallest one needs', async () => {
    const domain = await machine({ a: 400, b: 400, chat: 900 }, 'a', 'b', 'chat');
    expect(statuses(domain, 'a', 'b', 'chat')).toEqual(['stopped', 'running', 'running']);
    expect(heldBy(domain, 'chat')).toBe(600);
  });

  it('leaves nothing to a second one that starts at the same time', async () => {
    const domain = await machine({ chat: 900, other: 900 });
    memoryOf(domain).smallest.set('/other.gguf', { 'nvidia:0': 300 });
    await Promise.all(['chat', 'other'].map((name) => domain.manager.start(name)));
    await domain.pass(12_000);
    expect([statuses(domain, 'chat', 'other'), domain.world.mostAlive]).toEqual([['stopped', 'running'], 1]);
  });
});

describe('a look at memory that hangs', () => {
  const hanging = async (): Promise<{ domain: Domain; hang: PromiseWithResolvers<readonly DeviceMemory[]> }> => {
    const domain = machineWith({ ram: 1_000 }, { a: { ram: 600 } });
    await create(domain, {}, 'a');
    const hang = Promise.withResolvers<readonly DeviceMemory[]>();
    memoryOf(domain).read = () => hang.promise;
    return { domain, hang };
  };

  it('delays a start by ten seconds at most', async () => {
    const { domain } = await hanging();
    const leased = domain.acquire('a');
    await domain.pass(9_000);
    expect(domain.status('a')).toBe('stopped');
    await domain.pass(1_500);
    await leased;
    expect(domain.status('a')).toBe('running');
  });

  it('lets the memory of an ended run count as free at last', async () => {
    const domain = machineWith({ ram: 1_000 }, { a: { ram: 600 }, b: { ram: 600 } });
    await create(domain, {}, 'a', 'b');
    const busy = await lease(domain, 'a');
    const started = domain.acquire('b');
    await domain.pass(1_000);
    memoryOf(domain).read = () => Promise.withResolvers<readonly DeviceMemory[]>().promise;
    busy.release();
    for (let passed = 0; passed < 12_000; passed += 500) await domain.pass(500);
    await started;
    expect(statuses(domain, 'a', 'b')).toEqual(['stopped', 'running']);
  });

  it('of an adopted engine does not keep others from starting', async () => {
    const { domain: first } = await hanging();
    memoryOf(first).models.delete('/a.gguf');
    memoryOf(first).read = async () => [];
    await create(first, {}, 'b');
    await answer(first, 'a');
    const domain = await first.crash();
    memoryOf(domain).read = () => Promise.withResolvers<readonly DeviceMemory[]>().promise;
    const leased = domain.acquire('b');
    await domain.pass(21_000);
    await leased;
    expect(statuses(domain, 'a', 'b')).toEqual(['running', 'running']);
  });

  it('starts nothing for a request that has left meanwhile, or that came before a stop', async () => {
    const { domain, hang } = await hanging();
    const leaves = new AbortController();
    const left = domain.acquire('a', { signal: leaves.signal }).catch((error: unknown) => error);
    const early = domain.acquire('a').catch((error: unknown) => error);
    await domain.settle();
    leaves.abort();
    await domain.manager.stop('a');
    hang.resolve([]);
    await domain.pass(1_000);
    expect([await left, await early]).toMatchObject([{ name: 'AbortError' }, { code: 'INSTANCE_NOT_RUNNING' }]);
    expect(domain.world.processes).toHaveLength(0);
  });

  it('that fails does not keep an instance from starting', async () => {
    const { domain, hang } = await hanging();
    hang.reject(new Error('the meter is broken'));
    await answer(domain, 'a');
    expect([domain.status('a'), domain.faults]).toMatchObject(['running', [{ message: 'the meter is broken' }]]);
    domain.faults.length = 0;
  });
});

it('settings that change while the first need is learnt count', async () => {
  const first = machineWith({ ram: 1_000 }, { a: { ram: 600 }, b: { ram: 600 }, small: { ram: 100 } });
  await create(first, {}, 'a', 'b');
  await lease(first, 'a');
  await first.manager.start('b');
  const reading = await memoryOf(first).read();
  const hang = Promise.withResolvers<readonly DeviceMemory[]>();
  memoryOf(first).read = () => hang.promise;
  const domain = await first.crash();
  await lease(domain, 'a');
  await domain.manager.update('b', { model_path: '/small.gguf' }, { restart: false });
  hang.resolve(reading);
  await domain.pass(1_000);
  expect(statuses(domain, 'a', 'b')).toEqual(['running', 'running']);
});

describe('memory of other programs', () => {
  it('is gone for instances', async () => {
    const domain = machineWith({ ram: 1_000 }, { a: { ram: 400 }, b: { ram: 400 } });
    memoryOf(domain).foreign.set('ram', 300);
    await create(domain, {}, 'a', 'b');
    for (const name of ['a', 'b']) await answer(domain, name);
    expect(statuses(domain, 'a', 'b')).toEqual(['stopped', 'running']);
  });

  it('is not mistaken for that of an instance which is loading', async () => {
    const domain = machineWith({ ram: 1_000 }, { a: { ram: 400 }, b: { ram: 400 } });
    domain.world.defaults = { ...domain.world.defaults, isReady: false };
    memoryOf(domain).foreign.set('ram', 100);
    await create(domain, {}, 'a', 'b');
    for (const name of ['a', 'b']) {
      await domain.manager.start(name);
      await domain.pass(2_000);
    }
    expect(domain.world.mostAlive).toBe(2);
  });

  it('includes that of engines with an unknown need, which memory never limits', async () => {
    const domain = machineWith({ ram: 1_000 }, { a: { ram: 600 } });
    await create(domain, {}, 'a', 'unknown', 'other');
    for (const name of ['a', 'unknown', 'other']) await answer(domain, name);
    expect(domain.world.mostAlive).toBe(3);
  });
});

describe('the memory of an ended run', () => {
  const swap = async (): Promise<Domain> => {
    const domain = machineWith(
      { 'nvidia:0': 1_000 * MB },
      { a: { 'nvidia:0': 800 * MB }, b: { 'nvidia:0': 700 * MB } },
    );
    domain.trace.isOn = true;
    await create(domain, {}, 'a', 'b');
    await answer(domain, 'a');
    await domain.pass(2_000);
    memoryOf(domain).kept.set('nvidia:0', 700 * MB);
    await domain.manager.start('b');
    await domain.pass(1_000);
    return domain;
  };

  it('is free when most of it is measured free, not when the process is gone', async () => {
    const domain = await swap();
    expect(domain.world.alive()).toHaveLength(0);
    expect(domain.manager.get('b')).toMatchObject({ status: 'starting', waits_for: ['a'] });
    memoryOf(domain).kept.set('nvidia:0', 290 * MB);
    await domain.pass(250);
    expect(statuses(domain, 'a', 'b')).toEqual(['stopped', 'running']);
    expect(domain.trace.inputs('memory')).toEqual([
      { outcome: 'freed', device: 'nvidia:0', held: 800 * MB, left: 0, waited_ms: 1_250 },
    ]);
  });

  it('counts as used by other programs after five seconds', async () => {
    const domain = await swap();
    await domain.pass(4_500);
    expect(domain.trace.inputs('memory')).toMatchObject([{ outcome: 'still_held', left: 700 * MB, waited_ms: 5_000 }]);
    expect(domain.manager.get('b')).toMatchObject({
      status: 'failed',
      reason: expect.stringContaining('can get at most') as string,
    });
  });

  it('is waited for by a new start of the same instance', async () => {
    const domain = await swap();
    memoryOf(domain).kept.set('nvidia:0', 0);
    await domain.pass(250);
    memoryOf(domain).kept.set('nvidia:0', 700 * MB);
    await domain.manager.stop('b');
    await domain.settle();
    await domain.manager.start('b');
    await domain.pass(500);
    expect([domain.status('b'), domain.world.alive().length]).toEqual(['starting', 0]);
    memoryOf(domain).kept.clear();
    await domain.pass(250);
    expect(domain.status('b')).toBe('running');
  });
});

describe('after a crash', () => {
  it('adopted engines count with the need of their launch', async () => {
    const first = machineWith({ ram: 1_000 }, { a: { ram: 600 }, b: { ram: 600 } });
    await create(first, {}, 'a', 'b');
    const busy = await lease(first, 'a');
    void busy;
    await first.manager.update('a', { model_path: '/small.gguf' }, { restart: false });
    const domain = await first.crash();
    await lease(domain, 'a');
    void domain.acquire('b').catch(() => undefined);
    await domain.pass(5_000);
    expect(statuses(domain, 'a', 'b')).toEqual(['running', 'starting']);
    expect(domain.world.mostAlive).toBe(1);
  });
});

describe('after a crash, when the model file is gone', () => {
  it('adopted engines count with the need that was stored at their launch', async () => {
    const first = machineWith({ ram: 1_000 }, { a: { ram: 600 }, b: { ram: 600 } });
    await create(first, {}, 'a', 'b');
    await lease(first, 'a');
    memoryOf(first).models.delete('/a.gguf');
    const domain = await first.crash();
    await lease(domain, 'a');
    void domain.acquire('b').catch(() => undefined);
    await domain.pass(5_000);
    expect(statuses(domain, 'a', 'b')).toEqual(['running', 'starting']);
  });
});

describe('new settings', () => {
  it('of a start that waits change its demand', async () => {
    const domain = machineWith({ ram: 1_000 }, { a: { ram: 600 }, b: { ram: 600 }, small: { ram: 100 } });
    await create(domain, {}, 'a', 'b');
    await lease(domain, 'a');
    const waiting = domain.acquire('b');
    await domain.pass(2_000);
    expect(domain.status('b')).toBe('starting');
    await domain.manager.update('b', { model_path: '/small.gguf' }, { restart: false });
    await domain.pass(100);
    await waiting;
    expect(statuses(domain, 'a', 'b')).toEqual(['running', 'running']);
  });
});
