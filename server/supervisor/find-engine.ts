import type { Clock, ProcessIdentity, RunReference } from '../instances/ports.ts';
import { isDead, readStat, readTag, type ProcessStat } from './identity.ts';
import { pause } from './pause.ts';
import { readProc } from './proc-file.ts';
import type { ProcessEntry, ProcessScan } from './process-scan.ts';
import { readPids, WRAPPER_COMMAND_LINE } from './wrapper.ts';

/** Finds the engine of a run whose pid nobody stored. */
export interface EngineFinder {
  /** By the tag, for when the file with the pid never comes; `null`: nothing that could be the engine carries it. */
  byTag(run: RunReference): Promise<ProcessIdentity | null>;
  /** By the file or the tag; waits for the file while the wrapper that has to write it is young. */
  find(run: RunReference): Promise<ProcessIdentity | null>;
}

/** A wrapper needs 1–2 ms to write its file; when it has not by now, its disk may be full. */
const USUAL_MS = 250;
/** A wrapper that has launched nothing by now never will. */
const PATIENCE_MS = 2_000;
const LOOK_EVERY_MS = 10;
/** A wrapper makes its FIFO with this program before it forks the engine: a child with the tag, but not the engine. */
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

/** Whether a process has become the engine: until then it is still a copy of its wrapper. */
export function hasBecomeEngine(pid: number): boolean {
  const read = readProc(`/proc/${pid}/cmdline`, WRAPPER_COMMAND_LINE.length);
  return read instanceof Buffer && read.length > 0 && !read.equals(WRAPPER_COMMAND_LINE);
}

/** The pid may have been reused since it was written. Where the environment does not tell, the parent's does. */
function carriesTag(stat: ProcessStat, wrapper: number, tag: string): boolean {
  const own = readTag(stat.pid);
  if (typeof own === 'object') return own.tag === tag;
  if (stat.parent !== wrapper) return false;
  const parents = readTag(wrapper);
  return typeof parents === 'object' && parents.tag === tag;
}

/**
 * The wrapper's child, or, when the wrapper is no more, the oldest process of its session. Leaders of sessions are not
 * it: they are the wrapper, or workers that went their own way.
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
