import type { Estimate } from '@llamactl/contract/estimate';
import type { Health } from '@llamactl/contract/health';
import type { Instance } from '@llamactl/contract/instance';
import type { LogEntry } from '@llamactl/contract/logs';
import type { Alert } from '@llamactl/contract/system';
import type { TriedChange } from './tried-changes.ts';

/** Memory of the machine, in bytes. */
interface Memory {
  used: number;
  total: number;
}

/** The facts about an instance, as its reader may see them. */
export interface WhyFacts {
  instance: Instance;
  /** A fresh health check, with the obstacle to a start; `null`: unknown. */
  health: Health | null;
  /** Alerts of this instance and of the machine. */
  alerts: readonly Alert[];
  /** `null`: unknown. */
  memory: Memory | null;
  /** The last lines of its log, oldest first. */
  log: readonly LogEntry[];
  /** Names of the instances that must stop before it can start; `another instance` for hidden ones. */
  waitsFor: readonly string[];
  /** Name of the instance for which its last run was evicted; `null`: it was not, or its reader may not see that one. */
  evictedFor: string | null;
  /** The memory that it needs; `null`: unknown, or of no concern. */
  estimate: Estimate | null;
  /** Changed settings with which it failed again. */
  tried: readonly TriedChange[];
  /** Names of the options that its engine has, in all spellings; `null`: not asked. */
  engineOptions: ReadonlySet<string> | null;
  /** Returns the option of the engine that an unknown name probably meant; `null`: none is like it, or they were not asked. */
  meantOption: (name: string) => string | null;
  /** Milliseconds since the epoch. */
  now: number;
}

/**
 * The obstacle to a start with settings that were changed after a failure; `null`: nothing, or they were not changed.
 * It says more than the failure, which the change may have mended.
 */
export function obstacleOfChange({
  instance,
  health,
}: Pick<WhyFacts, 'instance' | 'health'>): NonNullable<Health['start_obstacle']> | null {
  const { status, last_exit: last, updated_at: updatedAt } = instance;
  if (status !== 'failed' || last === null || updatedAt <= last.at) return null;
  return health?.start_obstacle ?? null;
}
