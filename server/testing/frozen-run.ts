import type { RunReference, Runs } from '../instances/ports/runs.ts';

/** A run that is frozen until `thaw` is called. */
export interface FrozenRun {
  thaw: () => Promise<void>;
}

/** Freezes a run. Returns `null` if it cannot be frozen now. */
export async function freezeRun(runs: Runs, run: RunReference): Promise<FrozenRun | null> {
  const still = Promise.withResolvers<boolean>();
  const over = Promise.withResolvers<void>();
  const frozen = runs.whileFrozen(run, () => {
    still.resolve(true);
    return over.promise;
  });
  if (!(await Promise.race([still.promise, frozen]))) return null;
  return {
    thaw: async () => {
      over.resolve();
      await frozen;
    },
  };
}

/** Freezes a run, and retries until that works. On a busy machine it may take more than one attempt. */
export async function untilFrozen(
  runs: Runs,
  run: RunReference,
  until: (condition: () => Promise<boolean>) => Promise<void>,
): Promise<FrozenRun> {
  const found: FrozenRun[] = [];
  await until(async () => {
    const frozen = await freezeRun(runs, run);
    if (frozen !== null) found.push(frozen);
    return frozen !== null;
  });
  return found[0] ?? Promise.reject(new Error('The run was not frozen'));
}
