import { readdirSync } from 'node:fs';
import type { Clock } from '../instances/ports.ts';
import { isDead, readStat, readTag, type ProcessStat } from './identity.ts';

/** One process as a scan saw it. */
export interface ProcessEntry {
  stat: ProcessStat;
  /** Value of `LLAMACTL_RUN` in its environment; `null`: none, or not for us to read. */
  tag: string | null;
}

/** The processes of this machine, looked at one after the other: no snapshot, the system has none to give. */
export interface ProcessTable {
  entries: readonly ProcessEntry[];
  /**
   * Whether nothing was on the move: a process that ended during the scan may have left a child that was not listed yet,
   * and one that was just replacing its program showed no environment. Absence is proven by a settled scan, or by two.
   */
  isSettled: boolean;
}

export interface ProcessScan {
  /** Every process with its tag. Begins after the call, so it sees what the caller has seen. */
  all(): Promise<ProcessTable>;
  /** The same without tags, in half the time: for the members of groups. */
  groups(): Promise<ProcessTable>;
}

/** Looked at in one turn of the event loop: about 2 ms (277 processes took 9). */
const PROCESSES_A_TURN = 64;

/** Callers of the same moment share one scan: fifty engines that end together cost as much as one. */
export function createProcessScan(clock: Clock): ProcessScan {
  return {
    all: shared(clock, () => scan(clock, true)),
    groups: shared(clock, () => scan(clock, false)),
  };
}

function shared(clock: Clock, begin: () => Promise<ProcessTable>): () => Promise<ProcessTable> {
  let pending: Promise<ProcessTable> | null = null;
  return () => {
    pending ??= turn(clock).then(() => {
      // who comes from here on wants to see what happened meanwhile
      pending = null;
      return begin();
    });
    return pending;
  };
}

async function scan(clock: Clock, withTags: boolean): Promise<ProcessTable> {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  const entries: ProcessEntry[] = [];
  let isSettled = true;
  for (const [index, pid] of pids.entries()) {
    if (index > 0 && index % PROCESSES_A_TURN === 0) await turn(clock);
    const seen = look(Number(pid), withTags);
    if (seen === null || seen.isUnclear) isSettled = false;
    if (seen !== null) entries.push(seen.entry);
  }
  return { entries, isSettled };
}

function look(pid: number, withTags: boolean): { entry: ProcessEntry; isUnclear: boolean } | null {
  const stat = readStat(pid);
  if (stat === null) return null;
  if (!withTags || stat.isKernelThread || isDead(stat)) return { entry: { stat, tag: null }, isUnclear: false };
  const reading = readTag(pid);
  const tag = typeof reading === 'object' ? reading.tag : null;
  const isUnclear = (reading === 'unclear' && !stat.isLeaving) || reading === 'gone';
  return { entry: { stat, tag }, isUnclear };
}

/** The processes whose pids are not in `known`, looked at at once. */
export function newProcesses(known: ReadonlySet<number>): ProcessEntry[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids
    .map(Number)
    .filter((pid) => !known.has(pid))
    .flatMap((pid) => look(pid, true)?.entry ?? []);
}

/**
 * The living processes of a run whose engine lives: those of its group or session, and those with its tag. Looks at every
 * process without a pause, which takes some milliseconds.
 */
export function processesOfRun({ tag, group }: { tag: string; group: number }): number[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.map(Number).filter((pid) => {
    const stat = readStat(pid);
    if (stat === null || stat.isKernelThread || isDead(stat)) return false;
    if (stat.group === group || stat.session === group) return true;
    const reading = readTag(pid);
    return typeof reading === 'object' && reading.tag === tag;
  });
}

function turn(clock: Clock): Promise<void> {
  return new Promise((resolve) => {
    clock.nextTurn(resolve);
  });
}
