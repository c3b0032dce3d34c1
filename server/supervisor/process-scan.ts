import { readdirSync } from 'node:fs';
import { type Clock, nextTurn } from '../instances/ports/time.ts';
import { isDead, readStat, type ProcessStat } from './process-stat.ts';
import { readTag } from './run-tag.ts';

/** One process as a scan saw it. */
export interface ProcessEntry {
  stat: ProcessStat;
  /** Value of `LLAMACTL_RUN` in its environment; `null`: none, or not readable for this user. */
  tag: string | null;
}

/** The processes of this machine, read one after the other. Not a snapshot, because the system offers none. */
export interface ProcessTable {
  entries: readonly ProcessEntry[];
  /**
   * Whether nothing changed during the scan. A process that ended meanwhile may have left a child that was not listed
   * yet. A process during an exec shows no environment. One settled scan proves absence, or two unsettled ones.
   */
  isSettled: boolean;
}

export interface ProcessScan {
  /** Lists every process with its tag. The scan starts after the call, so it sees what the caller has seen. */
  all(): Promise<ProcessTable>;
  /** The same without tags, in half the time: for finding members of groups. */
  groups(): Promise<ProcessTable>;
}

/** Processes read in one turn of the event loop: about 2 ms (277 processes took 9 ms). */
const PROCESSES_A_TURN = 64;

/** Creates the scan. Callers of the same moment share one: fifty engines that end together cost as much as one. */
export function createProcessScan(clock: Clock): ProcessScan {
  return {
    all: shared(clock, () => scan(clock, true)),
    groups: shared(clock, () => scan(clock, false)),
  };
}

function shared(clock: Clock, begin: () => Promise<ProcessTable>): () => Promise<ProcessTable> {
  let pending: Promise<ProcessTable> | null = null;
  return () => {
    pending ??= nextTurn(clock).then(() => {
      // later callers need a scan of their own, to see what happened meanwhile
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
    if (index > 0 && index % PROCESSES_A_TURN === 0) await nextTurn(clock);
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

/** Lists the processes whose pids are not in `known`, synchronously. */
export function newProcesses(known: ReadonlySet<number>): ProcessEntry[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids
    .map(Number)
    .filter((pid) => !known.has(pid))
    .flatMap((pid) => look(pid, true)?.entry ?? []);
}

/**
 * Lists the living processes of a run whose engine lives: those in its group or session, and those with its tag. Reads every
 * process synchronously, which takes some milliseconds.
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
