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
  /** Stops watching: no process writes any more. */
  detach(log: LogReference, run: RunReference): void;
  /**
   * A number that changes when a run's files change so that a listing or a read of them may be wrong. Take it before listing
   * the files. If it is the same after reading the live file, the bytes are right; otherwise list and read again.
   *
   * @param folder folder of the run
   */
  rotations(folder: string): number;
  /**
   * Starts no more work; abandons the current job, or finishes it past its commit. Close the keeper before the supervisor,
   * which stops engines for it.
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

/** Interval of the size checks, one timer for all; 2 µs for each run. At 10 MB/s, a file is up to 10 MB too large. */
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
  /** Recovers a run. Does not wait for rotations of other runs: an engine that was stopped at a crash writes again. */
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
    // an unwatched run gets a later number than it ever had
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
    // the job that this causes fails in the same way, and reports it
    return Number.POSITIVE_INFINITY;
  }
}
