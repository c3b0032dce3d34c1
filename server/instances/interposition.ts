import type { EffectRunner } from './life/mailbox.ts';
import type { InstanceStore, Supervisor } from './ports.ts';

/**
 * What may stand between the domain and its outside: it gets what does the work, and gives what is called instead. For
 * tests that die at one of these places; whatever is done there has to be passed on.
 */
export interface Interposition {
  effects(runner: EffectRunner): EffectRunner;
  store(store: InstanceStore): InstanceStore;
  supervisor(supervisor: Supervisor): Supervisor;
}

/** The domain as it is. */
export const NOTHING_BETWEEN: Interposition = {
  effects: (runner) => runner,
  store: (store) => store,
  supervisor: (supervisor) => supervisor,
};
