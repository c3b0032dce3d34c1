import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { InstanceStore, StoredInstance } from '../../instances/ports/instance-store.ts';

/** A store under test, with operations that the port does not have. */
export interface StoreSubject {
  store: InstanceStore;
  /** Opens the same data again, as the next process does. */
  reopen(): Promise<InstanceStore>;
  /** While `isFull`, commits that need more space fail. */
  setFull(isFull: boolean): void;
  dispose(): Promise<void>;
}

/** A stored instance. `marker` is in both halves, so that a torn row is detected. */
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

/** An instance that does not fit into a full store. */
function large(id: string): StoredInstance {
  const instance = storedInstance(id);
  instance.record.settings.environment['PADDING'] = 'x'.repeat(500_000);
  return instance;
}

const ids = (instances: readonly StoredInstance[]): string[] => instances.map((instance) => instance.record.id);

/** The contract tests of {@link InstanceStore}. */
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

    it('returns saved instances, also after a reopen', async () => {
      await subject.store.save(storedInstance('a'));
      expect(await subject.store.load()).toEqual([storedInstance('a')]);
      expect(await (await subject.reopen()).load()).toEqual([storedInstance('a')]);
    });

    it('lists the oldest first, even after changes', async () => {
      for (const id of ['c', 'a', 'b']) await subject.store.save(storedInstance(id));
      await subject.store.save(storedInstance('c', 2));
      expect(ids(await subject.store.load())).toEqual(['c', 'a', 'b']);
      expect(ids(await (await subject.reopen()).load())).toEqual(['c', 'a', 'b']);
    });

    it('keeps the last of several saves of one turn', async () => {
      await Promise.all([1, 2, 3].map((marker) => subject.store.save(storedInstance('a', marker))));
      expect(await subject.store.load()).toEqual([storedInstance('a', 3)]);
    });

    it('keeps the order of saves and removals of one turn', async () => {
      await Promise.all([
        subject.store.save(storedInstance('a')),
        subject.store.remove('a'),
        subject.store.remove('b'),
        subject.store.save(storedInstance('b')),
      ]);
      expect(ids(await subject.store.load())).toEqual(['b']);
    });

    it('stores more rows in one turn than fit into one transaction', async () => {
      const many = Array.from({ length: 150 }, (_, index) => storedInstance(`i${index}`));
      await Promise.all(many.map((instance) => subject.store.save(instance)));
      expect(await subject.store.load()).toEqual(many);
    });

    it('stores the object at the time of the call, not later changes of it', async () => {
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

    it('acknowledges only after the commit, which follows the turn', async () => {
      const order: string[] = [];
      const saved = subject.store.save(storedInstance('a')).then(() => order.push('acknowledged'));
      await Promise.resolve();
      await new Promise<void>((resolve) => process.nextTick(resolve));
      order.push('rest of the turn');
      await saved;
      expect(order).toEqual(['rest of the turn', 'acknowledged']);
    });

    it('removes instances, and ignores the removal of an unknown one', async () => {
      await subject.store.save(storedInstance('a'));
      await subject.store.remove('a');
      await subject.store.remove('never-there');
      expect(await subject.store.load()).toEqual([]);
      expect(await (await subject.reopen()).load()).toEqual([]);
    });

    it('refuses a second instance with a name, in any case, and stores the others of the turn', async () => {
      await subject.store.save(storedInstance('a', 1, 'Llama'));
      const results = await Promise.allSettled([
        subject.store.save(storedInstance('b')),
        subject.store.save(storedInstance('c', 1, 'lLAMA')),
        subject.store.save(storedInstance('d')),
      ]);
      expect(results.map((result) => result.status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
      expect(ids(await subject.store.load())).toEqual(['a', 'b', 'd']);
    });

    it('frees the name of a removed instance in the same turn', async () => {
      await subject.store.save(storedInstance('a', 1, 'llama'));
      await Promise.all([subject.store.remove('a'), subject.store.save(storedInstance('b', 1, 'llama'))]);
      expect(ids(await subject.store.load())).toEqual(['b']);
    });

    it('rejects every save of a failed commit, stores none of them, and works again afterwards', async () => {
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
