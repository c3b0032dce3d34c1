import type { ProcessIdentity, RunReference } from '../instances/ports/runs.ts';
import { isDead, type ProcessStat } from './process-stat.ts';
import type { ProcessEntry } from './process-scan.ts';

/** The known processes of a run. */
export interface RunTree {
  run: RunReference;
  /** `null`: the engine's pid was never learnt. */
  identity: Pick<ProcessIdentity, 'pid' | 'startTicks' | 'group'> | null;
  /** Processes seen in the group while it was proven to belong to the run: pid to start. */
  known: ReadonlyMap<number, number>;
  /** When the engine or its wrapper was last known to live, in clock ticks after the boot; `null`: unknown. */
  lastAliveTicks: number | null;
  /** Pid of a process that is left out for now. */
  spared?: number | null;
}

/** Start time of an engine that ended before its stat could be read. No process has this start time. */
export const NEVER_SEEN = -1;

/** Makes the identity of a run of which only the group is known. */
export function unknownEngine(group: number): NonNullable<RunTree['identity']> {
  return { pid: group, startTicks: NEVER_SEEN, group };
}

/**
 * Lists the living processes of a run: those with its tag, those known from before, and those in its group or session.
 *
 * The system reuses a group id after the group's last member ended. So the group counts only while one member proves that it
 * belongs to the run:
 * - a process with the tag, the engine itself, or a process known from an earlier proof;
 * - a process of the session, forked while the engine or its wrapper lived. Sessions are inherited and cannot be joined, and no
 *   other session could have had this id then.
 *
 * Never includes this process, or processes with another run's tag.
 */
export function membersOf(entries: readonly ProcessEntry[], tree: RunTree): ProcessStat[] {
  const { run, identity } = tree;
  const isInGroup = ({ stat }: ProcessEntry): boolean =>
    identity !== null && (stat.group === identity.group || stat.session === identity.group);
  const isOwn = ({ stat, tag }: ProcessEntry): boolean =>
    tag === run.tag || (tag === null && tree.known.get(stat.pid) === stat.startTicks);
  const isProof = (entry: ProcessEntry): boolean => isOwn(entry) || isOfRunsSession(entry.stat, tree);
  const isProven = entries.some((entry) => isInGroup(entry) && isProof(entry));
  return entries
    .filter((entry) => isOwn(entry) || (entry.tag === null && isProven && isInGroup(entry)))
    .map(({ stat }) => stat)
    .filter(({ pid }) => pid !== process.pid && pid !== tree.spared)
    .filter((stat) => !isDead(stat));
}

/**
 * Whether a process is exiting and no longer shows its tag. A run is not over before such a process is gone, since it may hold
 * the run's port. A process that started before the engine does not belong to the run.
 */
export function isLeavingUntagged({ stat, tag }: ProcessEntry, { identity }: RunTree): boolean {
  // a zombie with threads shows no environment either
  const isGoing = stat.isLeaving || stat.state === 'Z';
  return tag === null && isGoing && !isDead(stat) && stat.startTicks >= (identity?.startTicks ?? 0);
}

function isOfRunsSession(stat: ProcessStat, { identity, lastAliveTicks }: RunTree): boolean {
  if (identity === null) return false;
  if (stat.pid === identity.pid && stat.startTicks === identity.startTicks) return true;
  // a session leader with this id may belong to any later session
  if (identity.startTicks === NEVER_SEEN || lastAliveTicks === null || stat.pid === identity.group) return false;
  return stat.session === identity.group && stat.startTicks >= identity.startTicks && stat.startTicks <= lastAliveTicks;
}
