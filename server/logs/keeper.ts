import { statSync } from 'node:fs';
import path from 'node:path';
import { RUN_LOG, type LogReference, type RunReference, type Supervisor } from '../instances/ports.ts';
import { recoverRun } from './recovery.ts';
import { createTending, type TendingOptions, type WatchedRun } from './tending.ts';

/**
 * Keeps logs within their bounds while engines write to them: a run's file is rotated when it is too large, and the oldest
 * output of an instance goes when all of it is too much.
 */
export interface LogKeeper {
  /** A process writes from now on: the size of the run's file is watched. Twice is fine. */
  attach(log: LogReference, run: RunReference): void;
  /** No process writes any more. */
  detach(log: LogReference, run: RunReference): void;
  /**
   * Changes when something is done to the files of a run that makes wrong what was learnt or is being read of them: other
   * bytes may be read then. Take it before the files are listed; if it is the same after a read of the live
   * file, what was read is right. If not, list again, and read again.
   *
   * @param folder the run's
   */
  rotations(folder: string): number;
  /**
   * Nothing is begun any more; what is under way is given up, or done if it is too late for that. To be closed before the
   * supervisor, which stops engines for it.
   */
  close(): void;
}

/** A keeper whose last work can be waited for. */
export interface OwnLogKeeper extends LogKeeper {
  /** Resolves when nothing is under way any more. */
  settled(): Promise<void>;
}

export interface LogKeeperOptions extends TendingOptions {
  freezer: Pick<Supervisor, 'whileFrozen'>;
}

/** One timer for all; a look costs 2 µs a run. At 10 MB a second a file is 10 MB too large when it is seen. */
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

  /** One job at a time, whatever the number of runs: a machine with a model to load has other work. */
  const enqueue = ({ instance }: LogReference, job: () => Promise<void>): void => {
    jobs = jobs.then(async () => {
      try {
        if (!isClosed) await job();
      } catch (error) {
        onFault(error, `The log of ${instance} cannot be kept within its bounds`);
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
  /** Does not wait for rotations of other runs: an engine that a crash left standing writes again. */
  const begin = async (one: WatchedRun): Promise<void> => {
    try {
      one.isCutDue = (await recoverRun(one.folder)).isCutDue;
    } catch (error) {
      onFault(error, `What a crash left of the log of ${one.log.instance} cannot be put in order`);
    }
    changed(one.folder);
    // tended at the next look: by then the waker of a server that crashed has sent its last signal
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
    // of a run that is not watched any more: a later one than it ever had
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
    // whoever looks closer then fails in the same way, and tells
    return Number.POSITIVE_INFINITY;
  }
}
