import type { ProcessIdentity, RunReference } from '../instances/ports.ts';
import { isDead, type ProcessStat } from './identity.ts';
import type { ProcessEntry } from './process-scan.ts';

/** What is known of a run's processes. */
export interface RunTree {
  run: RunReference;
  /** `null`: the engine's pid was never learnt. */
  identity: Pick<ProcessIdentity, 'pid' | 'startTicks' | 'group'> | null;
  /** Processes that were seen in the group while it was proven to be the run's: pid to start. */
  known: ReadonlyMap<number, number>;
  /** Clock ticks after the boot at which the engine or its wrapper was last known to live; `null`: not known. */
  lastAliveTicks: number | null;
  /** A process that does not count for now: its pid. */
  spared?: number | null;
}

/** Stands for an engine that ended before anybody could look at it: nothing started then. */
export const NEVER_SEEN = -1;

/** For a run of which only the group is known. */
export function unknownEngine(group: number): NonNullable<RunTree['identity']> {
  return { pid: group, startTicks: NEVER_SEEN, group };
}

/**
 * The living processes of a run: those that carry its tag or were known to be its own before, and those in its group or
 * session, whatever their environment says. The group's number is free again when its last member ended, so the group counts only while it is proven to be
 * the run's, by one member:
 * - with the tag, the engine itself, or one that was there when it was proven before;
 * - of the session that was forked while the engine or its wrapper lived. A session is inherited and cannot be joined, so
 *   whoever forked it was in the run's; nobody else could have a session of that number then.
 *
 * Never in it: ourselves, and whatever carries another run's tag.
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
 * Whether a process is on its way out of which nobody can say any more whose it was. A run is not over before it is gone:
 * it may hold the run's port. Whatever started before the engine is none of the run's.
 */
export function isLeavingUntold({ stat, tag }: ProcessEntry, { identity }: RunTree): boolean {
  // a zombie with threads shows no environment either
  const isGoing = stat.isLeaving || stat.state === 'Z';
  return tag === null && isGoing && !isDead(stat) && stat.startTicks >= (identity?.startTicks ?? 0);
}

function isOfRunsSession(stat: ProcessStat, { identity, lastAliveTicks }: RunTree): boolean {
  if (identity === null) return false;
  if (stat.pid === identity.pid && stat.startTicks === identity.startTicks) return true;
  // the leader of a session of that number may be anybody's
  if (identity.startTicks === NEVER_SEEN || lastAliveTicks === null || stat.pid === identity.group) return false;
  return stat.session === identity.group && stat.startTicks >= identity.startTicks && stat.startTicks <= lastAliveTicks;
}
