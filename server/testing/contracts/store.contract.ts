import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { InstanceStore, StoredInstance } from '../../instances/ports.ts';

/** A store under test, with what a test cannot do through the port. */
export interface StoreSubject {
  store: InstanceStore;
  /** What the next life of the process finds: the same data, opened anew. */
  reopen(): Promise<InstanceStore>;
  /** Makes commits fail that need more space, until told otherwise. */
  setFull(isFull: boolean): void;
  dispose(): Promise<void>;
}

/** An instance as it is stored; `marker` ends up in both halves, so that a torn row shows. */
export function storedInstance(id: string, marker = 1, name = `name-of-${id}`): StoredInstance {
  return {
    record: {
      id,
      name,
      port: 8100,
      portAssigned: true,
      settings: {
        engine: 'llama_cpp',
        model_path: '/models/ünï "quoted" \n.gguf',
        options: { ctx_size: 4096, mlock: false, temp: -0.5 },
        extra_args: [],
        environment: {},
        aliases: ['a/b:c'],
        unlisted: false,
        auto_start: true,
      },
      createdAt: '2026-01-01T00:00:00.000Z',
      updatedAt: '2026-01-01T00:00:00.000Z',
      version: marker,
    },
    state: { status: 'stopped', runs: marker, restarts: 0, lastExit: null },
  };
}

/** More than fits into what a full store has left. */
function large(id: string): StoredInstance {
  const instance = storedInstance(id);
  instance.record.settings.environment['PADDING'] = 'x'.repeat(500_000);
  return instance;
}

const ids = (instances: readonly StoredInstance[]): string[] => instances.map((instance) => instance.record.id);

/** What every {@link InstanceStore} keeps. */
export function storeContract(title: string, make: () => Promise<StoreSubject>): void {
  describe(title, () => {
    let subject: StoreSubject;

    beforeEach(async () => {
      subject = await make();
    });
    afterEach(async () => {
      await subject.dispose();
    });

    it('is empty at first and has an identifier that fits into a tag and stays the same', async () => {
      expect(await subject.store.load()).toEqual([]);
      expect(subject.store.dataDirId).toMatch(/^[a-z0-9]{6,16}$/);
      const { dataDirId } = subject.store;
      expect((await subject.reopen()).dataDirId).toBe(dataDirId);
    });

    it('gives back what was saved, also in the next life', async () => {
      await subject.store.save(storedInstance('a'));
      expect(await subject.store.load()).toEqual([storedInstance('a')]);
      expect(await (await subject.reopen()).load()).toEqual([storedInstance('a')]);
    });

    it('lists the oldest first, whatever was changed since', async () => {
      for (const id of ['c', 'a', 'b']) await subject.store.save(storedInstance(id));
      await subject.store.save(storedInstance('c', 2));
      expect(ids(await subject.store.load())).toEqual(['c', 'a', 'b']);
      expect(ids(await (await subject.reopen()).load())).toEqual(['c', 'a', 'b']);
    });

    it('keeps the last of several saves that were begun in one turn', async () => {
      await Promise.all([1, 2, 3].map((marker) => subject.store.save(storedInstance('a', marker))));
      expect(await subject.store.load()).toEqual([storedInstance('a', 3)]);
    });

    it('keeps the order of a save and a removal that were begun in one turn', async () => {
      await Promise.all([
        subject.store.save(storedInstance('a')),
        subject.store.remove('a'),
        subject.store.remove('b'),
        subject.store.save(storedInstance('b')),
      ]);
      expect(ids(await subject.store.load())).toEqual(['b']);
    });

    it('stores more rows in one turn than one transaction takes', async () => {
      const many = Array.from({ length: 150 }, (_, index) => storedInstance(`i${index}`));
      await Promise.all(many.map((instance) => subject.store.save(instance)));
      expect(await subject.store.load()).toEqual(many);
    });

    it('stores what the caller meant at the time, not what became of its object', async () => {
      const instance = storedInstance('a');
      const saved = subject.store.save(instance);
      instance.record.version = 99;
      instance.record.settings.options['late'] = true;
      await saved;
      const [loaded] = await subject.store.load();
      expect(loaded).toEqual(storedInstance('a'));
      if (loaded) loaded.record.version = 98;
      expect(await subject.store.load()).toEqual([storedInstance('a')]);
    });

    it('does not acknowledge before the commit, which comes after the turn', async () => {
      const order: string[] = [];
      const saved = subject.store.save(storedInstance('a')).then(() => order.push('acknowledged'));
      await Promise.resolve();
      await new Promise<void>((resolve) => process.nextTick(resolve));
      order.push('rest of the turn');
      await saved;
      expect(order).toEqual(['rest of the turn', 'acknowledged']);
    });

    it('forgets what was removed and takes a removal of something unknown', async () => {
      await subject.store.save(storedInstance('a'));
      await subject.store.remove('a');
      await subject.store.remove('never-there');
      expect(await subject.store.load()).toEqual([]);
      expect(await (await subject.reopen()).load()).toEqual([]);
    });

    it('refuses a second instance of a name, without regard to case, and stores its neighbours all the same', async () => {
      await subject.store.save(storedInstance('a', 1, 'Llama'));
      const results = await Promise.allSettled([
        subject.store.save(storedInstance('b')),
        subject.store.save(storedInstance('c', 1, 'lLAMA')),
        subject.store.save(storedInstance('d')),
      ]);
      expect(results.map((result) => result.status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
      expect(ids(await subject.store.load())).toEqual(['a', 'b', 'd']);
    });

    it('gives a name free with its instance, in the same turn', async () => {
      await subject.store.save(storedInstance('a', 1, 'llama'));
      await Promise.all([subject.store.remove('a'), subject.store.save(storedInstance('b', 1, 'llama'))]);
      expect(ids(await subject.store.load())).toEqual(['b']);
    });

    it('rejects every save of a commit that fails, stores none of them, and works again when it can', async () => {
      await subject.store.save(storedInstance('a'));
      subject.setFull(true);
      const results = await Promise.allSettled([
        subject.store.save(storedInstance('a', 2)),
        subject.store.save(large('b')),
        subject.store.remove('a'),
      ]);
      expect(results.map((result) => result.status)).toEqual(['rejected', 'rejected', 'rejected']);
      expect(await subject.store.load()).toEqual([storedInstance('a')]);
      subject.setFull(false);
      await subject.store.save(large('b'));
      expect(await subject.store.load()).toEqual([storedInstance('a'), large('b')]);
      expect(await (await subject.reopen()).load()).toEqual([storedInstance('a'), large('b')]);
    });
  });
}
