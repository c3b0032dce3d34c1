import { statSync } from 'node:fs';
import path from 'node:path';
import { RUN_LOG, type LogReference } from '../instances/ports/run-output.ts';
import type { RunReference, Runs } from '../instances/ports/runs.ts';
import { recoverRun } from './rotation-recovery.ts';
import { createTending, type TendingOptions, type WatchedRun } from './tending.ts';

/**
 * Keeps logs within their size limits while engines write to them. Rotates a run's file when it is too large, and drops the
 * oldest output of an instance when its total is too large.
 */
export interface LogKeeper {
  /** Starts watching the size of the run's file, to which a process now writes. A second call has no effect. */
  attach(log: LogReference, run: RunReference): void;
  /**
   * Stops watching the run, because no process writes to its file any more. Then applies the instance's total limit.
   */
  detach(log: LogReference, run: RunReference): void;
  /**
   * Returns a number that changes whenever a change of the run's files may make a listing or a read wrong. Get the
   * number before listing the files, and again after reading the live file. If both are equal, the bytes are right;
   * otherwise list and read again.
   *
   * @param folder folder of the run
   */
  rotations(folder: string): number;
  /**
   * Starts no more jobs. Abandons the current job, or finishes it if it is past its commit. Close the keeper before the
   * supervisor, because the supervisor freezes engines for the keeper.
   */
  close(): void;
}

/** A keeper that can wait for its last job. */
export interface OwnLogKeeper extends LogKeeper {
  /** Resolves when all jobs have ended. */
  settled(): Promise<void>;
}

export interface LogKeeperOptions extends TendingOptions {
  freezer: Pick<Runs, 'whileFrozen'>;
}

/**
 * Interval of the size checks. One timer serves all runs, and a check takes 2 µs for each. At 10 MB/s, a file becomes
 * up to 10 MB too large.
 */
const LOOK_MS = 1_000;

export function createLogKeeper(options: LogKeeperOptions): OwnLogKeeper {
  const { clock, freezer, onFault } = options;
  const watched = new Map<string, WatchedRun>();
  const generations = new Map<string, number>();
  let lastGeneration = 0;
  let jobs = Promise.resolve();
  let cancelLook: (() => void) | null = null;
  let isClosed = false;

  const tending = createTending(options, watched);

  /** Runs one job at a time, whatever the number of runs: the machine may be busy loading a model. */
  const enqueue = ({ instance }: LogReference, job: () => Promise<void>): void => {
    jobs = jobs.then(async () => {
      try {
        if (!isClosed) await job();
      } catch (error) {
        onFault(error, `The log of ${instance} cannot be kept within its size limit`);
      }
    });
  };
  const enqueueTending = (one: WatchedRun): void => {
    one.isAtRest = false;
    enqueue(one.log, async () => {
      if (!one.isOver) await tending.tend(one);
      one.isAtRest = true;
    });
  };
  const look = (): void => {
    for (const one of watched.values()) {
      if (one.isAtRest && tending.isDue(one, sizeOf(one))) enqueueTending(one);
    }
    cancelLook = watched.size > 0 ? clock.after(LOOK_MS, look) : null;
  };
  /**
   * Recovers a run, without waiting for rotations of other runs: an engine that was frozen during a crash already
   * writes again.
   */
  const begin = async (one: WatchedRun): Promise<void> => {
    try {
      one.isCutDue = (await recoverRun(one.folder)).isCutDue;
    } catch (error) {
      onFault(error, `The log of ${one.log.instance} cannot be recovered after a crash`);
    }
    changed(one.folder);
    // wait for the next check: by then the waker of a crashed server has sent its last signal
    one.isAtRest = true;
  };
  const changed = (folder: string): void => {
    lastGeneration += 1;
    if (watched.has(folder)) generations.set(folder, lastGeneration);
  };

  return {
    attach: (log, run) => {
      const { folder } = run;
      if (watched.has(folder) || isClosed) return;
      const one: WatchedRun = {
        log,
        folder,
        isCutDue: false,
        unnamedCut: null,
        searchedTo: 0,
        whileFrozen: (step) => freezer.whileFrozen(run, step),
        onChange: () => changed(folder),
        isAbandoned: () => one.isOver || isClosed,
        liveFrom: 0,
        shift: 0,
        keptElsewhere: 0,
        isUnknown: true,
        isAtRest: false,
        isOver: false,
        looksToRest: 0,
        failures: 0,
        alarm: 'none',
      };
      watched.set(folder, one);
      void begin(one);
      cancelLook ??= clock.after(LOOK_MS, look);
    },
    detach: (log, { folder }) => {
      const one = watched.get(folder);
      watched.delete(folder);
      generations.delete(folder);
      lastGeneration += 1;
      if (one) tending.end(one);
      if (watched.size === 0) {
        cancelLook?.();
        cancelLook = null;
      }
      enqueue(log, async () => {
        await tending.keepWithinTotal(log);
      });
    },
    // for a run that is no longer watched, `rotations` returns a higher number than ever before
    settled: () => jobs,
    rotations: (folder) => generations.get(folder) ?? lastGeneration,
    close: () => {
      isClosed = true;
      cancelLook?.();
      cancelLook = null;
    },
  };
}

function sizeOf({ folder }: WatchedRun): number {
  try {
    return statSync(path.join(folder, RUN_LOG), { throwIfNoEntry: false })?.size ?? 0;
  } catch {
    // the job that this size causes fails in the same way, and reports the error
    return Number.POSITIVE_INFINITY;
  }
}
