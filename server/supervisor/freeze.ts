import { readdirSync } from 'node:fs';
import type { Clock, ProcessIdentity, RunReference } from '../instances/ports.ts';
import type { EngineWatch } from './death.ts';
import { isDead, parseStat, type ProcessStat } from './identity.ts';
import { deadline, growingDelays, pause } from './pause.ts';
import { errorCode, readShortProc } from './proc-file.ts';
import type { ProcessScan } from './process-scan.ts';
import type { Signals, SupervisorLog } from './signals.ts';
import { isStillThere } from './tree-end.ts';

/**
 * Holds a run's group where it is, for the milliseconds in which its log is exchanged under it. A crash of ours in between
 * leaves it stopped: whoever adopts it wakes it.
 */
export interface Freeze {
  /**
   * SIGSTOP to the group, wrapper included: it is one signal, and nothing that begins during it escapes. Resolves to
   * whether every task stands still; if not (the engine is dead, or left its group, or hangs in the kernel), none is left
   * stopped.
   */
  freeze(): Promise<boolean>;
  /** SIGCONT to the group, if it was frozen here. */
  thaw(): void;
  /** From the signal until the thaw: waking it is nobody else's business then. */
  isFrozen(): boolean;
}

export interface FreezeDependencies {
  clock: Clock;
  log: SupervisorLog;
  scan: ProcessScan;
  signals: Signals;
  watch: Pick<EngineWatch, 'stat'>;
}

/** Usual: 1–5 ms, of which most is the list of the machine's processes. */
const PATIENCE_MS = 250;
const LONGEST_LOOK_MS = 8;
/** When the system is short of descriptors or memory. */
const TRY_AGAIN_MS = 100;

export function createFreeze(dependencies: FreezeDependencies, run: RunReference, identity: ProcessIdentity): Freeze {
  const { clock, log, scan, signals, watch } = dependencies;
  /** Any living one of them proves that the group is still the run's; empty: not frozen. */
  let frozen: readonly ProcessStat[] = [];

  const thaw = (): void => {
    try {
      const member = frozen.find(isStillThere);
      if (member) signals.group(identity.group, member, 'SIGCONT');
      frozen = [];
    } catch (error) {
      log.error({ tag: run.tag, error }, 'A run that was stopped cannot be woken; trying again');
      clock.after(TRY_AGAIN_MS, thaw);
    }
  };
  const standsStill = async (engine: ProcessStat): Promise<boolean> => {
    frozen = [engine];
    signals.group(identity.group, engine, 'SIGSTOP');
    const { isLate, cancel } = deadline(clock, PATIENCE_MS);
    try {
      // begun after the signal: a fork does not end while one is pending, so nobody joins the group any more
      const { entries } = await scan.groups();
      if (frozen.length === 0) return false;
      frozen = entries.map(({ stat }) => stat).filter((stat) => stat.group === identity.group && !isDead(stat));
      for (const delay of growingDelays(LONGEST_LOOK_MS)) {
        if (frozen.length === 0) return false;
        if (frozen.every(isAtRest)) return true;
        if (isLate()) break;
        await pause(clock, delay);
      }
      return false;
    } finally {
      cancel();
    }
  };

  return {
    freeze: async () => {
      if (frozen.length > 0) return false;
      let isStill = false;
      try {
        const engine = watch.stat();
        isStill = engine?.group === identity.group && (await standsStill(engine));
      } catch (error) {
        log.warn({ tag: run.tag, error }, 'The processes of a run cannot be looked at while it is stopped');
      }
      if (!isStill) thaw();
      return isStill;
    },
    thaw,
    isFrozen: () => frozen.length > 0,
  };
}

/** Whether no task of a process runs, or will before it is woken: it may be in the middle of a write until then. */
function isAtRest({ pid }: ProcessStat): boolean {
  return tasksOf(pid).every((task) => {
    const read = readShortProc(`/proc/${pid}/task/${task}/stat`);
    if (!(read instanceof Buffer)) return read === 'gone';
    const state = parseStat(read.toString('latin1'))?.state ?? '';
    return ['T', 't', 'Z', 'X', 'x'].includes(state);
  });
}

function tasksOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`);
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ENOENT' || code === 'ESRCH') return [];
    throw error;
  }
}
