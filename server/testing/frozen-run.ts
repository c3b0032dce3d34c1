import type { RunReference, Supervisor } from '../instances/ports.ts';

/** A run that is frozen until `thaw` is called. */
export interface FrozenRun {
  thaw: () => Promise<void>;
}

/** Freezes a run. `null`: it cannot be frozen, or not now. */
export async function freezeRun(supervisor: Supervisor, run: RunReference): Promise<FrozenRun | null> {
  const still = Promise.withResolvers<boolean>();
  const over = Promise.withResolvers<void>();
  const frozen = supervisor.whileFrozen(run, () => {
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

/** The same, tried until it works: on a machine that is short of CPU that may take more than one try. */
export async function untilFrozen(
  supervisor: Supervisor,
  run: RunReference,
  until: (condition: () => Promise<boolean>) => Promise<void>,
): Promise<FrozenRun> {
  const found: FrozenRun[] = [];
  await until(async () => {
    const frozen = await freezeRun(supervisor, run);
    if (frozen !== null) found.push(frozen);
    return frozen !== null;
  });
  return found[0] ?? Promise.reject(new Error('The run was not frozen'));
}
