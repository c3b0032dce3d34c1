import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ContextRun } from '../instances/ports/contexts.ts';
import type { LaunchPlan } from '../instances/ports/runs.ts';
import { contextsContract } from '../testing/contracts/contexts.contract.ts';
import { FakeClock } from '../testing/fake-clock.ts';
import { SLOT_TARGET, SlotEngine } from '../testing/slot-engine.ts';
import { KeptContexts } from './kept-contexts.ts';

/** Contexts in files, with an engine whose slots are simulated. */
class Bench {
  readonly root: string;
  readonly clock = new FakeClock();
  readonly engine: SlotEngine;
  readonly notes: string[] = [];
  maxTotalBytes = 1_000_000;
  freeBytes = Number.MAX_SAFE_INTEGER;
  readonly #model: string;
  contexts: KeptContexts;

  private constructor(root: string) {
    this.root = root;
    this.#model = path.join(root, 'm.gguf');
    this.engine = new SlotEngine(this.folder('a'));
    this.contexts = this.open();
  }

  static async create(): Promise<Bench> {
    const bench = new Bench(await mkdtemp(path.join(os.tmpdir(), 'llamactl-contexts-')));
    await writeFile(bench.#model, 'GGUF and weights');
    return bench;
  }

  /** Contexts of another server on the same folders. */
  open(): KeptContexts {
    const note = (_fields: object, message: string): void => void this.notes.push(message);
    this.contexts = new KeptContexts({
      clock: this.clock,
      root: path.join(this.root, 'instances'),
      folderOf: (instance) => this.folder(instance),
      maxTotalBytes: this.maxTotalBytes,
      readText: this.engine.read,
      freeBytes: async () => this.freeBytes,
      findProgram: async (command) => command,
      searchPath: '/usr/bin',
      log: { info: note, warn: note },
    });
    return this.contexts;
  }

  folder(instance: string): string {
    return path.join(this.root, 'instances', instance, 'context');
  }

  plan(...more: string[]): LaunchPlan {
    const folder = this.folder('a');
    return {
      command: process.execPath,
      argv: ['--port', '8100', '--alias', 'a', '--slot-save-path', folder, ...more],
      environment: {},
      keyVariable: null,
      port: 8_100,
      healthPath: '/health',
      context: { folder, files: [this.#model], at: 4 },
    };
  }

  async prepared(plan = this.plan(), number = 1, instance = 'a'): Promise<ContextRun> {
    const key = await this.contexts.prepare(instance, plan);
    if (key === null) throw new Error(this.notes.join('\n'));
    return { instance, name: instance, number, key, target: SLOT_TARGET };
  }

  /** Saves the engine's slots as at the stop of a run, and waits until they are recorded. */
  async save(run?: ContextRun): Promise<void> {
    await this.contexts.save(run ?? (await this.prepared()), this.clock.elapsed() + 2_000);
    await this.contexts.settled();
  }

  /** Restores as at the start of a new engine. @returns the tokens of its slots */
  async restore(plan = this.plan()): Promise<number[]> {
    this.engine.slots = this.engine.slots.map(() => 0);
    this.engine.calls.length = 0;
    await this.contexts.restore(await this.prepared(plan, 2), this.clock.elapsed() + 5_000);
    return this.engine.slots;
  }

  files(instance = 'a'): Promise<string[]> {
    return readdir(this.folder(instance)).then((names) => names.toSorted());
  }

  changeModel(): Promise<void> {
    return writeFile(this.#model, 'GGUF and other weights');
  }

  dispose(): Promise<void> {
    return rm(this.root, { recursive: true, force: true });
  }
}

let bench: Bench;

beforeEach(async () => {
  bench = await Bench.create();
});
afterEach(() => bench.dispose());

contextsContract('KeptContexts', async () => {
  const own = await Bench.create();
  own.engine.slots = [1_000];
  return {
    contexts: own.contexts,
    plan: own.plan(),
    target: SLOT_TARGET,
    later: own.clock.elapsed() + 2_000,
    settled: () => own.contexts.settled(),
    dispose: () => own.dispose(),
  };
});

describe('a saved context', () => {
  it('is restored into the slots that it came from', async () => {
    bench.engine.slots = [1_000, 0, 2_000];
    await bench.save();
    expect(await bench.restore()).toEqual([1_000, 0, 2_000]);
    expect(bench.contexts.kept('a')).toMatchObject({ tokens: 3_000, bytes: 3_000 });
  });

  it('is readable for our user only', async () => {
    bench.engine.slots = [1_000];
    await bench.save();
    const modes = await Promise.all(
      [bench.folder('a'), ...(await bench.files()).map((name) => path.join(bench.folder('a'), name))].map(
        async (file) => ((await stat(file)).mode & 0o777).toString(8),
      ),
    );
    expect(modes).toEqual(['700', '600', '600']);
  });

  it('survives another server', async () => {
    bench.engine.slots = [1_000];
    await bench.save();
    await bench.open().load(new Set(['a']));
    expect(bench.contexts.kept('a')).toMatchObject({ tokens: 1_000 });
    expect(await bench.restore()).toEqual([1_000]);
  });

  it('stays when the engine is stopped without another long conversation', async () => {
    bench.engine.slots = [1_000];
    await bench.save();
    await bench.restore();
    bench.engine.slots = [255];
    await bench.save();
    expect(await bench.restore()).toEqual([1_000]);
  });

  it('is replaced by the next one of its slot', async () => {
    bench.engine.slots = [1_000];
    await bench.save();
    bench.engine.slots = [1_500];
    await bench.save(await bench.prepared(bench.plan(), 2));
    expect(await bench.files()).toEqual(['2-0.bin', 'slot-0.json']);
    expect(await bench.restore()).toEqual([1_500]);
  });
});

describe('a saved context is refused and removed', () => {
  beforeEach(async () => {
    bench.engine.slots = [1_000];
    await bench.save();
  });

  const expectColdStart = async (plan?: LaunchPlan): Promise<void> => {
    expect(await bench.restore(plan)).toEqual([0]);
    expect(bench.engine.calls).toEqual([]);
    expect(await bench.files()).toEqual([]);
    expect(bench.contexts.kept('a')).toBeNull();
  };

  it('when one bit of it has changed', async () => {
    const file = path.join(bench.folder('a'), '1-0.bin');
    const bytes = await readFile(file);
    bytes[500] = 1;
    await writeFile(file, bytes);
    await expectColdStart();
    expect(bench.notes.at(-1)).toContain('its checksum is wrong');
  });

  it('when it was cut', async () => {
    await writeFile(path.join(bench.folder('a'), '1-0.bin'), 'short');
    await expectColdStart();
  });

  it('when its file is missing', async () => {
    await rm(path.join(bench.folder('a'), '1-0.bin'));
    await expectColdStart();
  });

  it('when an option has changed', () => expectColdStart(bench.plan('--ctx-size', '512')));

  it('when a variable has changed', () => expectColdStart({ ...bench.plan(), environment: { GGML_X: '1' } }));

  it('when the program has changed', () => expectColdStart({ ...bench.plan(), command: '/bin/sh' }));

  it('when the model has changed', async () => {
    await bench.changeModel();
    await expectColdStart();
  });

  it('when the engine is of another build', async () => {
    bench.engine.build = 'b2';
    await expectColdStart();
  });

  it('but not when only the port or the name has changed', async () => {
    const { argv, ...plan } = bench.plan();
    const other = argv.map((word) => (word === '8100' ? '8200' : word === 'a' ? 'b' : word));
    expect(await bench.restore({ ...plan, argv: other })).toEqual([1_000]);
  });

  it('when the engine refuses it', async () => {
    const run = await bench.prepared();
    await bench.contexts.settled();
    await rm(path.join(bench.folder('a'), '1-0.bin'));
    await bench.contexts.restore(run, bench.clock.elapsed() + 5_000);
    expect(bench.notes.at(-1)).toContain('the engine refused it: status 400, Unable to restore slot');
    expect(await bench.files()).toEqual([]);
  });
});

describe('nothing is saved', () => {
  const expectNothing = async (): Promise<void> => {
    await bench.save();
    expect(await bench.files()).toEqual([]);
  };

  it('of a short conversation', async () => {
    bench.engine.slots = [255];
    await expectNothing();
    expect(bench.engine.calls).toEqual([]);
  });

  it('when the engine does not answer in time', async () => {
    bench.engine.slots = [1_000];
    bench.engine.isHung = true;
    await expectNothing();
    expect(bench.notes.at(-1)).toBe('Slot 0 of a was not saved in time');
  });

  it('after the deadline', async () => {
    bench.engine.slots = [1_000];
    await bench.contexts.save(await bench.prepared(), bench.clock.elapsed());
    expect(bench.engine.calls).toEqual([]);
  });

  it('when the file is not complete', async () => {
    bench.engine.slots = [1_000];
    bench.engine.missing = 1;
    await expectNothing();
  });

  it('when the disk is nearly full', async () => {
    bench.engine.slots = [1_000];
    bench.freeBytes = 1_000_000_000;
    await expectNothing();
    expect(bench.notes).toEqual(['The context of a is not saved: less than 1 GiB of the disk would stay free']);
  });

  it('when the file would nearly fill the disk, by the size of an earlier one', async () => {
    bench.freeBytes = 2 ** 30 + 2_000;
    bench.engine.slots = [1_000];
    await expectNothing();
    bench.freeBytes = Number.MAX_SAFE_INTEGER;
    await bench.save();
    bench.freeBytes = 2 ** 30 + 2_000;
    await bench.save(await bench.prepared(bench.plan(), 2));
    expect(await bench.files()).toEqual(['2-0.bin', 'slot-0.json']);
  });

  it('when it alone is larger than the limit, and the others stay', async () => {
    bench.engine.slots = [1_000, 300];
    bench.maxTotalBytes = 500;
    bench.open();
    await bench.save();
    expect(await bench.files()).toEqual(['1-1.bin', 'slot-1.json']);
  });
});

it('the oldest contexts of all instances make room for newer ones', async () => {
  bench.maxTotalBytes = 2_500;
  bench.open();
  bench.engine.slots = [1_000];
  for (const instance of ['b', 'c']) {
    await mkdir(bench.folder(instance), { recursive: true });
    await bench.save(await bench.prepared(bench.plan(), 1));
    await bench.contexts.settled();
    for (const name of await bench.files()) {
      const bytes = await readFile(path.join(bench.folder('a'), name));
      await writeFile(path.join(bench.folder(instance), name), bytes);
    }
    await bench.clock.advance(1_000);
  }
  await bench.contexts.load(new Set(['a', 'b', 'c']));
  await bench.save(await bench.prepared(bench.plan(), 2));
  expect(await bench.files('b')).toEqual([]);
  expect(bench.contexts.kept('b')).toBeNull();
  expect((await bench.files('c')).length).toBeGreaterThan(0);
  expect((await bench.files('a')).length).toBeGreaterThan(0);
});

it('remainders of an interrupted save are removed before the next start', async () => {
  await mkdir(bench.folder('a'), { recursive: true });
  await writeFile(path.join(bench.folder('a'), '7-0.bin'), 'a part of a conversation');
  await bench.prepared();
  await bench.contexts.settled();
  expect(await bench.files()).toEqual([]);
});

it('a folder that cannot be created is no obstacle for the start', async () => {
  await mkdir(path.join(bench.root, 'instances'));
  await writeFile(path.join(bench.root, 'instances', 'a'), 'a file in its place');
  expect(await bench.contexts.prepare('a', bench.plan())).toBeNull();
});

describe('the reuse of a restored context', () => {
  /** A stop and a start, and the first request of the new run. */
  const cycle = async (prompt: number, cached: number): Promise<void> => {
    bench.engine.slots = [1_000];
    await bench.save();
    await bench.restore();
    bench.contexts.measurement('a', 2)?.({ prompt, cached });
    await bench.contexts.settled();
  };

  it('is measured at the first request and shown', async () => {
    await cycle(1_010, 990);
    expect(bench.contexts.kept('a')?.reuse).toMatchObject({ restored: 1_000, reused: 990 });
    expect(bench.contexts.measurement('a', 2)).toBeNull();
  });

  it('is not measured without a restore, nor for another run', async () => {
    expect(bench.contexts.measurement('a', 1)).toBeNull();
    bench.engine.slots = [1_000];
    await bench.save();
    await bench.restore();
    expect(bench.contexts.measurement('a', 1)).toBeNull();
  });

  it('of nothing, twice in a row, ends the saving until the engine changes', async () => {
    await cycle(1_010, 0);
    expect(bench.contexts.kept('a')).not.toBeNull();
    await cycle(1_010, 0);
    expect(bench.contexts.kept('a')).toBeNull();
    expect(bench.notes.at(-1)).toContain('reused nothing of 2 restored contexts');
    bench.engine.calls.length = 0;
    await bench.save();
    expect(bench.engine.calls).toEqual([]);
    bench.engine.build = 'b2';
    await bench.save();
    expect(bench.contexts.kept('a')).toMatchObject({ tokens: 1_000 });
  });

  it('of something, or by another short conversation, does not end it', async () => {
    await cycle(1_010, 0);
    await cycle(1_010, 500);
    await cycle(1_010, 0);
    await cycle(20, 0);
    expect(bench.contexts.kept('a')).not.toBeNull();
  });
});
