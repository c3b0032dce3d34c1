import { maySee, type Caller } from '../../auth/caller.ts';
import { scopedManager } from '../../instances/scoped-manager.ts';
import type { InstanceManager } from '../../instances/use-cases.ts';

const NOTHING = { maySee: (): boolean => false, mayStart: false };

/** The instances that a caller may see and start; without a caller, none. */
export function seenBy(caller: Caller | null, manager: InstanceManager): InstanceManager {
  if (caller === null) return scopedManager(manager, NOTHING);
  const { instances, mayStart } = caller;
  if (instances === null && mayStart) return manager;
  return scopedManager(manager, { maySee: (id) => maySee(caller, id), mayStart });
}
