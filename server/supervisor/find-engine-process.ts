import type { ProcessIdentity, RunReference } from '../instances/ports/runs.ts';
import { pause, type Clock } from '../instances/ports/time.ts';
import { isDead, readStat, type ProcessStat } from './process-stat.ts';
import { readTag } from './run-tag.ts';
import { readProc } from './proc-file.ts';
import type { ProcessEntry, ProcessScan } from './process-scan.ts';
import { readPids, WRAPPER_COMMAND_LINE } from './wrapper.ts';

/** Finds the engine of a run whose pid was not stored. */
export interface EngineFinder {
  /**
   * Finds the engine by the tag, for when the file with the pid never appears; `null`: no process with the tag can be
   * the engine.
   */
  byTag(run: RunReference): Promise<ProcessIdentity | null>;
  /** Finds the engine by the file or the tag. Waits for the file while the wrapper that writes it is young. */
  find(run: RunReference): Promise<ProcessIdentity | null>;
}

/**
 * How long to wait for the pid file, which a wrapper writes in 1–2 ms. If the file is still missing, the disk may be
 * full: search by the tag.
 */
const USUAL_MS = 250;
/** Longest wait. A wrapper that has launched no engine in this time never will. */
const PATIENCE_MS = 2_000;
const LOOK_EVERY_MS = 10;
/** Program with which a wrapper makes its FIFO before it forks the engine: a child with the tag, but not the engine. */
const HELPER = 'mkfifo';

export function createEngineFinder(clock: Clock, scan: ProcessScan, bootId: string): EngineFinder {
  const byFile = (run: RunReference): ProcessIdentity | null => {
    const pids = readPids(run.folder);
    if (pids === null) return null;
    const stat = readStat(pids.engine);
    if (stat === null || isDead(stat)) return null;
    if (!carriesTag(stat, pids.wrapper, run.tag)) return null;
    return { pid: stat.pid, startTicks: stat.startTicks, bootId, group: pids.wrapper };
  };

  const tagged = async (run: RunReference): Promise<ProcessEntry[]> => {
    const { entries } = await scan.all();
    return entries.filter(({ tag, stat }) => tag === run.tag && !isDead(stat));
  };
  const identityOf = (found: ProcessStat | null): ProcessIdentity | null =>
    found && { pid: found.pid, startTicks: found.startTicks, bootId, group: found.session };

  return {
    byTag: async (run) => identityOf(engineAmong(await tagged(run))),
    find: async (run) => {
      for (let waited = 0; ; waited += LOOK_EVERY_MS) {
        const identity = byFile(run);
        if (identity !== null || readPids(run.folder) !== null) return identity;
        const entries = await tagged(run);
        const hasWrapper = entries.some(({ stat }) => isLeader(stat));
        const found = hasWrapper && waited < USUAL_MS ? null : identityOf(engineAmong(entries));
        if (found !== null || !hasWrapper || waited >= PATIENCE_MS) return byFile(run) ?? found;
        await pause(clock, LOOK_EVERY_MS);
      }
    },
  };
}

/** Whether the child of a wrapper has become the engine: until its exec it is a copy of the wrapper. */
export function hasBecomeEngine(pid: number): boolean {
  const read = readProc(`/proc/${pid}/cmdline`, WRAPPER_COMMAND_LINE.length);
  return read instanceof Buffer && read.length > 0 && !read.equals(WRAPPER_COMMAND_LINE);
}

/** Whether a process belongs to the run: its pid may have been reused. If its environment shows no tag, its parent's decides. */
function carriesTag(stat: ProcessStat, wrapper: number, tag: string): boolean {
  const own = readTag(stat.pid);
  if (typeof own === 'object') return own.tag === tag;
  if (stat.parent !== wrapper) return false;
  const parents = readTag(wrapper);
  return typeof parents === 'object' && parents.tag === tag;
}

/**
 * Picks the wrapper's child or, if the wrapper is gone, the oldest process of its session. Session leaders are excluded: they
 * are the wrapper, or workers with their own session.
 */
function engineAmong(tagged: readonly ProcessEntry[]): ProcessStat | null {
  const candidates = tagged.map(({ stat }) => stat).filter((stat) => !isLeader(stat) && stat.command !== HELPER);
  const isWrapper = (pid: number): boolean => tagged.some(({ stat }) => stat.pid === pid && isLeader(stat));
  const child = candidates.find((stat) => isWrapper(stat.parent));
  return (
    child ?? candidates.toSorted((one, other) => one.startTicks - other.startTicks || one.pid - other.pid)[0] ?? null
  );
}

function isLeader(stat: ProcessStat): boolean {
  return stat.pid === stat.session;
}
