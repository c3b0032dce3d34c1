import { pause, type Clock } from '../instances/ports/time.ts';
import { isDead, readStat, type ProcessStat } from './process-stat.ts';
import { growingDelays } from './delays.ts';
import type { ProcessEntry, ProcessScan } from './process-scan.ts';
import type { Signals, SupervisorLog } from './signals.ts';
import { isLeavingUntagged, membersOf, type RunTree } from './tree.ts';

export interface TreeEndDependencies {
  clock: Clock;
  scan: ProcessScan;
  signals: Signals;
  log: SupervisorLog;
}

/** Longest pause between checks of processes that do not end, because they hang in the kernel. */
const LONGEST_WAIT_MS = 500;
/** Empty scans that prove the end, even if processes changed during the scans. */
const ENOUGH_SCANS = 2;
/** Empty scans required (two seconds) while a process is exiting that may belong to the run. */
const PATIENT_SCANS = 12;
/** Checks of the killed processes before the next scan, which also finds their new children. */
const LOOKS_A_SCAN = 8;

/**
 * Sends SIGKILL to the remaining processes of a run until none is left. The engine is dead or was killed before.
 *
 * @param onLeft called with the remaining processes after each scan
 * @param isCancelled called before each step
 * @returns false when it was cancelled
 */
export async function endTree(
  { clock, scan, signals, log }: TreeEndDependencies,
  tree: RunTree,
  onLeft: (left: readonly ProcessStat[]) => void,
  isCancelled: () => boolean,
): Promise<boolean> {
  const known = new Map(tree.known);
  let emptyScans = 0;
  const delays = growingDelays(LONGEST_WAIT_MS);
  while (!isCancelled()) {
    try {
      const table = await scan.all();
      if (isCancelled()) break;
      const left = membersOf(table.entries, { ...tree, known });
      onLeft(left);
      if (left.length === 0) {
        emptyScans += 1;
        const isAnyLeaving = table.entries.some((entry) => isLeavingUntagged(entry, tree));
        if (isAnyLeaving ? emptyScans >= PATIENT_SCANS : table.isSettled || emptyScans >= ENOUGH_SCANS) return true;
        await pause(clock, delays.next().value);
        continue;
      }
      emptyScans = 0;
      for (const { pid, startTicks } of left) known.set(pid, startTicks);
      killAll(
        left.filter(({ isLeaving }) => !isLeaving),
        table.entries,
        tree.identity?.group ?? null,
        signals,
      );
      await untilGone(clock, left);
    } catch (error) {
      // short of descriptors or memory: the state is unknown, so the run is not over
      log.error({ tag: tree.run.tag, error }, 'The processes of a run cannot be checked; trying again');
      await pause(clock, LONGEST_WAIT_MS);
    }
    await pause(clock, delays.next().value);
  }
  return false;
}

/** Kills the group in one call, so that no member escapes by forking. Then kills each process, for those outside the group. */
function killAll(
  left: readonly ProcessStat[],
  entries: readonly ProcessEntry[],
  group: number | null,
  signals: Signals,
): void {
  const isLeft = new Set(left.map(({ pid }) => pid));
  const isWhollyOurs = entries.every(
    ({ stat }) => stat.group !== group || isDead(stat) || stat.isLeaving || isLeft.has(stat.pid),
  );
  const member = left.find((stat) => stat.group === group);
  if (member && group !== null && isWhollyOurs) signals.group(group, member, 'SIGKILL');
  for (const { pid, startTicks } of left) signals.process(pid, startTicks, 'SIGKILL');
}

async function untilGone(clock: Clock, processes: readonly ProcessStat[]): Promise<void> {
  let looks = 0;
  for (const delay of growingDelays(LONGEST_WAIT_MS)) {
    if (!processes.some(isStillThere) || looks === LOOKS_A_SCAN) return;
    looks += 1;
    await pause(clock, delay);
  }
}

/** Whether the process still lives, identified by pid and start time. */
export function isStillThere({ pid, startTicks }: ProcessStat): boolean {
  const stat = readStat(pid);
  return stat !== null && stat.startTicks === startTicks && !isDead(stat);
}
