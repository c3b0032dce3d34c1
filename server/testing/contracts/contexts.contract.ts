import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ContextRun, Contexts } from '../../instances/ports/contexts.ts';
import type { LaunchPlan } from '../../instances/ports/runs.ts';

/** Contexts under test, and an engine with a conversation that is worth saving. */
export interface ContextsSubject {
  contexts: Contexts;
  /** A plan of the instance `a`. */
  plan: LaunchPlan;
  target: ContextRun['target'];
  /** A deadline that is far away, by the clock of the contexts. */
  later: number;
  /** Resolves when all work in the background is done. */
  settled: () => Promise<void>;
  dispose: () => Promise<void>;
}

/** The contract tests of {@link Contexts}. */
export function contextsContract(title: string, make: () => Promise<ContextsSubject>): void {
  describe(title, () => {
    let subject: ContextsSubject;

    beforeEach(async () => {
      subject = await make();
    });
    afterEach(() => subject.dispose());

    const prepared = async (number = 1): Promise<ContextRun> => {
      const key = await subject.contexts.prepare('a', subject.plan);
      return { instance: 'a', name: 'a', number, key: key ?? 'none', target: subject.target };
    };
    const save = async (): Promise<void> => {
      await subject.contexts.save(await prepared(), subject.later);
      await subject.settled();
    };

    it('gives equal launches the same key, and others another one', async () => {
      const { contexts, plan } = subject;
      const key = await contexts.prepare('a', plan);
      expect(key).toEqual(expect.any(String));
      expect(await contexts.prepare('a', plan)).toBe(key);
      expect(await contexts.prepare('a', { ...plan, argv: [...plan.argv, '--more'] })).not.toBe(key);
    });

    it('shows what it has saved, until that is forgotten', async () => {
      const { contexts } = subject;
      expect(contexts.kept('a')).toBeNull();
      await save();
      expect(contexts.kept('a')).toMatchObject({ tokens: 1_000, reuse: null });
      expect(contexts.kept('b')).toBeNull();
      await contexts.forget('a');
      expect(contexts.kept('a')).toBeNull();
    });

    it('keeps at a boot only the contexts of the given instances', async () => {
      const { contexts } = subject;
      await save();
      await contexts.load(new Set(['a']));
      expect(contexts.kept('a')).not.toBeNull();
      await contexts.load(new Set());
      expect(contexts.kept('a')).toBeNull();
    });

    it('restores into a new run without a failure, saved or not', async () => {
      const { contexts, later } = subject;
      await contexts.restore(await prepared(), later);
      await save();
      await contexts.restore(await prepared(2), later);
      expect(contexts.kept('a')).not.toBeNull();
    });

    it('saves nothing after it was closed', async () => {
      const { contexts, later } = subject;
      const run = await prepared();
      contexts.close();
      await contexts.save(run, later);
      await subject.settled();
      expect(contexts.kept('a')).toBeNull();
    });
  });
}
