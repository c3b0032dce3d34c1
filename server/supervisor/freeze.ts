import { codeOf } from '@llamactl/contract/reason';
import { readdirSync, readlinkSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { RUN_LOG } from '../instances/ports/run-output.ts';
import type { ProcessIdentity, RunReference } from '../instances/ports/runs.ts';
import { pause, type Clock } from '../instances/ports/time.ts';
import type { EngineWatch } from './death.ts';
import { isDead, parseStat, type ProcessStat } from './process-stat.ts';
import { deadline, growingDelays } from './delays.ts';
import { readShortProc } from './proc-file.ts';
import { newProcesses, type ProcessEntry, type ProcessScan } from './process-scan.ts';
import type { Signals, SupervisorLog } from './signals.ts';
import { isStillThere } from './tree-end.ts';
import type { StartWaker } from './waker.ts';

/** Stops the writers of a run's log for a few milliseconds while the log is cut. */
export interface Freeze {
  /**
   * Sends SIGSTOP to the run's group and to its other processes that have the log open. Waits until every task has stopped,
   * runs `step`, and sends SIGCONT. Keep `step` short: the engine cannot answer meanwhile.
   *
   * If this process dies in between, a waker sends the SIGCONT.
   *
   * @returns false, without calling `step`, when the engine is dead, frozen already, or hangs in the kernel
   * @throws {Error} what `step` throws
   */
  whileFrozen(step: () => Promise<void>): Promise<boolean>;
  /** Whether the run is stopped by `whileFrozen`. No other code may wake it meanwhile. */
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

/** Longest wait for all tasks to stop. An idle machine needs 1 ms; one with more runnable threads than cores 10–30 ms. */
const PATIENCE_MS = 250;
const LONGEST_LOOK_MS = 8;
/** Number of checks within one turn of the event loop. A turn of a busy server takes longer than the stop itself. */
const LOOKS_AT_ONCE = 20;
const LOOK_EVERY_MS = 0.1;
/** Retry delay when the system is short of descriptors or memory. */
const TRY_AGAIN_MS = 100;

export function createFreeze(dependencies: FreezeDependencies, run: RunReference, identity: ProcessIdentity): Freeze {
  const { clock, log, scan, signals, startWaker, watch } = dependencies;
  let frozen: ProcessStat[] = [];
  let isBusy = false;

  const signalAll = (processes: readonly ProcessStat[], signal: 'SIGSTOP' | 'SIGCONT'): void => {
    // any living member proves that the group still belongs to the run
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
      log.error({ tag: run.tag, error }, 'A stopped run cannot be resumed; trying again');
      clock.after(TRY_AGAIN_MS, thaw);
    }
  };
  /** Stops the writers, and those forked since the scan, until no new one appears. */
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
      log.warn({ tag: run.tag, error }, 'The processes of a run cannot be checked while it is stopped');
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

/** Whether every task of a process is stopped or dead. Until then a task may be in the middle of a write. */
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

/** Returns the log's path as the kernel shows it. */
function logOf({ folder }: RunReference): string {
  return path.join(realpathSync(folder), RUN_LOG);
}

/**
 * Whether a process has the file open. False if its descriptors cannot be read: such a process did not inherit the log.
 */
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
    const code = codeOf(error);
    if (code === 'ENOENT' || code === 'ESRCH' || code === 'EACCES' || code === 'EPERM') return [];
    throw error;
  }
}

const NEVER = new Int32Array(new SharedArrayBuffer(4));

function sleep(milliseconds: number): void {
  Atomics.wait(NEVER, 0, 0, milliseconds);
}
