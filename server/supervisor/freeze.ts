import { readdirSync, readlinkSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { RUN_LOG, type Clock, type ProcessIdentity, type RunReference } from '../instances/ports.ts';
import type { EngineWatch } from './death.ts';
import { isDead, parseStat, type ProcessStat } from './identity.ts';
import { deadline, growingDelays, pause } from './pause.ts';
import { errorCode, readShortProc } from './proc-file.ts';
import { newProcesses, type ProcessEntry, type ProcessScan } from './process-scan.ts';
import type { Signals, SupervisorLog } from './signals.ts';
import { isStillThere } from './tree-end.ts';
import type { StartWaker } from './waker.ts';

/** Stops the writers of a run's log for the milliseconds in which the log is cut. */
export interface Freeze {
  /**
   * Sends SIGSTOP to the run's group and to its other processes that have the log open, waits until every task stands
   * still, runs `step`, and sends SIGCONT. Keep `step` short: the engine answers nothing meanwhile.
   *
   * If this process dies in between, a waker sends the SIGCONT.
   *
   * @returns false, without a call of `step`, when the engine is dead, is frozen already, or hangs in the kernel
   * @throws {Error} what `step` throws
   */
  whileFrozen(step: () => Promise<void>): Promise<boolean>;
  /** True from the SIGSTOP until the SIGCONT. Nothing else may wake the run meanwhile. */
  isFrozen(): boolean;
}

export interface FreezeDependencies {
  clock: Clock;
  log: SupervisorLog;
  scan: ProcessScan;
  signals: Signals;
  startWaker: StartWaker;
  watch: Pick<EngineWatch, 'stat'>;
}

/** An idle machine needs 1 ms; one with more runnable threads than cores 10–30 ms. */
const PATIENCE_MS = 250;
const LONGEST_LOOK_MS = 8;
/** Looks in a row without leaving this turn: a turn of a busy server takes longer than the stop itself. */
const LOOKS_AT_ONCE = 20;
const LOOK_EVERY_MS = 0.1;
/** Retry delay when the system is short of descriptors or memory. */
const TRY_AGAIN_MS = 100;

export function createFreeze(dependencies: FreezeDependencies, run: RunReference, identity: ProcessIdentity): Freeze {
  const { clock, log, scan, signals, startWaker, watch } = dependencies;
  let frozen: ProcessStat[] = [];
  let isBusy = false;

  const signalAll = (processes: readonly ProcessStat[], signal: 'SIGSTOP' | 'SIGCONT'): void => {
    // any living member proves that the group is still the run's
    const member = processes.find((stat) => stat.group === identity.group && isStillThere(stat));
    if (member) signals.group(identity.group, member, signal);
    for (const { pid, startTicks, group } of processes) {
      if (group !== identity.group) signals.process(pid, startTicks, signal);
    }
  };
  const isWriter = ({ stat, tag }: ProcessEntry): boolean => {
    if (isDead(stat) || stat.isKernelThread) return false;
    if (stat.group === identity.group) return true;
    return (tag === run.tag || stat.pid === identity.pid) && hasOpen(stat.pid, logOf(run));
  };
  const thaw = (): void => {
    try {
      signalAll(frozen, 'SIGCONT');
      frozen = [];
    } catch (error) {
      log.error({ tag: run.tag, error }, 'A run that was stopped cannot be woken; trying again');
      clock.after(TRY_AGAIN_MS, thaw);
    }
  };
  /** Stops the writers, and those that were forked since the machine was looked at, until no new one appears. */
  const stopAll = (seen: readonly ProcessEntry[]): void => {
    const known = new Set(seen.map(({ stat }) => stat.pid));
    for (let found = seen.filter(isWriter); found.length > 0;) {
      const writers = found.map(({ stat }) => stat);
      frozen.push(...writers);
      signalAll(writers, 'SIGSTOP');
      const entries = newProcesses(known);
      for (const { stat } of entries) known.add(stat.pid);
      found = entries.filter(isWriter);
    }
  };
  const standStill = async (): Promise<boolean> => {
    for (let looks = 0; looks < LOOKS_AT_ONCE; looks += 1) {
      if (frozen.every(isAtRest)) return true;
      sleep(LOOK_EVERY_MS);
    }
    const { isLate, cancel } = deadline(clock, PATIENCE_MS);
    try {
      for (const delay of growingDelays(LONGEST_LOOK_MS)) {
        if (isLate()) return false;
        await pause(clock, delay);
        if (frozen.every(isAtRest)) return true;
      }
      return false;
    } finally {
      cancel();
    }
  };
  const stop = async (entries: readonly ProcessEntry[]): Promise<boolean> => {
    try {
      stopAll(entries);
      return frozen.some(isStillThere) && (await standStill());
    } catch (error) {
      log.warn({ tag: run.tag, error }, 'The processes of a run cannot be looked at while it is stopped');
      return false;
    }
  };

  return {
    whileFrozen: async (step) => {
      if (isBusy || watch.stat() === null) return false;
      isBusy = true;
      try {
        const { entries } = await scan.all();
        const others = entries.filter((entry) => isWriter(entry) && entry.stat.group !== identity.group);
        const waker = startWaker(run, [-identity.group, ...others.map(({ stat }) => stat.pid)]);
        if (waker === null) return false;
        try {
          const isStill = await stop(entries);
          if (isStill) await step();
          return isStill;
        } finally {
          thaw();
          waker.dismiss();
        }
      } finally {
        isBusy = false;
      }
    },
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
  return unlessGone(() => readdirSync(`/proc/${pid}/task`));
}

/** The log's path as the kernel names it. */
function logOf({ folder }: RunReference): string {
  return path.join(realpathSync(folder), RUN_LOG);
}

/** False also for a process whose descriptors this user may not see: it did not inherit the log from our engine. */
function hasOpen(pid: number, file: string): boolean {
  const descriptors = unlessGone(() => readdirSync(`/proc/${pid}/fd`));
  return descriptors.some((descriptor) =>
    unlessGone(() => [readlinkSync(`/proc/${pid}/fd/${descriptor}`)]).includes(file),
  );
}

function unlessGone(read: () => string[]): string[] {
  try {
    return read();
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ENOENT' || code === 'ESRCH' || code === 'EACCES' || code === 'EPERM') return [];
    throw error;
  }
}

const NEVER = new Int32Array(new SharedArrayBuffer(4));

function sleep(milliseconds: number): void {
  Atomics.wait(NEVER, 0, 0, milliseconds);
}
