import type { EffectRunner } from './life/mailbox.ts';
import type { InstanceStore } from './ports/instance-store.ts';
import type { Runs } from './ports/runs.ts';

/**
 * Wraps ports of the domain, for tests that crash the process at one of them. Each method gets the original and returns
 * its replacement, which must pass calls on.
 */
export interface Interposition {
  effects(runner: EffectRunner): EffectRunner;
  store(store: InstanceStore): InstanceStore;
  runs(runs: Runs): Runs;
}

/** Wraps nothing. */
export const NOTHING_BETWEEN: Interposition = {
  effects: (runner) => runner,
  store: (store) => store,
  runs: (runs) => runs,
};
