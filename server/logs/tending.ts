import { open, statfs } from 'node:fs/promises';
import type { AlertSink } from '../instances/ports/alert-sink.ts';
import type { LogReference } from '../instances/ports/run-output.ts';
import type { Clock } from '../instances/ports/time.ts';
import { drop } from './dropping.ts';
import { isDiskFull } from './file-error.ts';
import { listRuns, type RunOutput } from './layout.ts';
import { Abandoned } from './part-copy.ts';
import { NotFrozen, type OpenArchive } from './rotation.ts';
import { createRotationAlarm } from './rotation-alarm.ts';
import { createRotator, type RotatedRun } from './rotator.ts';
import { dropsToFit, keptBytes } from './total-bound.ts';

export interface TendingOptions {
  clock: Clock;
  limits: {
    /** Size at which a run's file is rotated; at most half of the total. */
    maxSizeBytes: number;
    /** Size limit for all kept output of an instance. */
    maxTotalBytes: number;
  };
  alerts: AlertSink;
  /** Creates the file of an archive; tests simulate a full disk with it. */
  openArchive?: OpenArchive;
  /** Reports a fault to llamactl's log; `what` is a sentence. */
  onFault: (error: unknown, what: string) => void;
}

/** A run whose file size is watched. */
export interface WatchedRun extends RotatedRun {
  readonly log: LogReference;
  /** From the last listing, like `shift`. */
  liveFrom: number;
  shift: number;
  /** Kept bytes of the instance without this run's file. */
  keptElsewhere: number;
  /** The run was not tended yet. */
  isUnknown: boolean;
  /** No job works on the run. */
  isAtRest: boolean;
  isOver: boolean;
  /** Number of checks to skip. */
  looksToRest: number;
  /** Failures in a row. */
  failures: number;
  /** The alert that was raised for these failures. */
  alarm: 'none' | 'disk full' | 'other';
}

/** Maintains one run at a time: rotates its file, applies the total size limit, and raises an alert if that fails. */
export interface Tending {
  /**
   * Whether the run needs work. Call it once at every check, because it counts the checks to skip.
   *
   * @param liveBytes size of the run's file
   */
  isDue(one: WatchedRun, liveBytes: number): boolean;
  /** Never rejects: a failure raises an alert, and is retried. */
  tend(one: WatchedRun): Promise<void>;
  /** Ends the work for a run that no process writes to any more, and clears its alert. */
  end(one: WatchedRun): void;
  /**
   * Drops the oldest output of an instance until the rest is within the limit. Resolves with the instance's runs after
   * that.
   */
  keepWithinTotal(log: LogReference): Promise<RunOutput[]>;
}

/** Checks to skip after a failure: ten seconds. */
const LOOKS_TO_REST = 10;

/** @param watched the current runs, by folder */
export function createTending(options: TendingOptions, watched: ReadonlyMap<string, WatchedRun>): Tending {
  const { limits, openArchive = (file) => open(file, 'w', 0o600), onFault } = options;
  const { maxTotalBytes } = limits;
  // so that a full file and one archive fit into the total
  const maxSizeBytes = Math.min(limits.maxSizeBytes, Math.floor(maxTotalBytes / 2));
  const alarm = createRotationAlarm(options.alerts);

  /** Drops the oldest output until at most `maxBytes` are left; resolves to the number of dropped bytes. */
  const dropTo = async (runs: readonly RunOutput[], maxBytes: number): Promise<number> => {
    const drops = dropsToFit(runs, ({ folder }) => watched.has(folder), maxBytes);
    for (const one of drops) await drop(one);
    return drops.reduce((sum, { bytes }) => sum + bytes, 0);
  };
  const keepWithinTotal = async (log: LogReference): Promise<RunOutput[]> => {
    const runs = await listRuns(log.folder);
    return (await dropTo(runs, maxTotalBytes)) > 0 ? listRuns(log.folder) : runs;
  };
  const rotator = createRotator({
    clock: options.clock,
    maxSizeBytes,
    maxTotalBytes,
    openArchive,
    makeRoom: async ({ folder }) => {
      const log = watched.get(folder)?.log;
      if (!log) return false;
      const runs = await listRuns(log.folder);
      return (await dropTo(runs, totalOf(runs) - 1)) > 0;
    },
  });

  const hasRoom = async ({ folder }: WatchedRun): Promise<boolean> => {
    const { bavail, bsize } = await statfs(folder);
    return bavail * bsize > maxSizeBytes;
  };
  const learn = (one: WatchedRun, runs: readonly RunOutput[]): void => {
    const own = runs.find(({ folder }) => folder === one.folder);
    if (!own) return;
    one.liveFrom = own.liveFrom;
    one.shift = own.shift;
    one.keptElsewhere = totalOf(runs) - (own.end - own.liveFrom);
  };
  /** @param error `null`: the rotation succeeded, but output was lost */
  const fail = (one: WatchedRun, error: unknown): void => {
    one.failures += 1;
    one.looksToRest = error === null ? 0 : LOOKS_TO_REST;
    // ignore the first such failure: the engine may be in the kernel for a moment, or about to end
    if (error instanceof NotFrozen && one.failures === 1) return;
    const isFull = error === null || isDiskFull(error);
    const isFault = !isFull && !(error instanceof NotFrozen);
    if (isFault && one.alarm === 'none') onFault(error, `The log of ${one.log.instance} cannot be rotated`);
    one.alarm = isFull ? 'disk full' : 'other';
    alarm.raise(one.log, error);
  };
  const succeed = (one: WatchedRun): void => {
    one.failures = 0;
    if (one.alarm !== 'none') alarm.clear(one.log);
    one.alarm = 'none';
  };

  return {
    isDue: (one, liveBytes) => {
      if (one.looksToRest > 0) {
        one.looksToRest -= 1;
        return false;
      }
      const part = one.shift + liveBytes - one.liveFrom;
      const isTooMuch = one.keptElsewhere > 0 && one.keptElsewhere + part > maxTotalBytes;
      return part > maxSizeBytes || isTooMuch || one.isUnknown || one.isCutDue || one.failures > 0;
    },
    tend: async (one) => {
      one.isUnknown = false;
      try {
        const { hasDropped } = await rotator.rotate(one, one.alarm === 'disk full');
        learn(one, await keepWithinTotal(one.log));
        if (hasDropped) fail(one, null);
        else if (one.alarm !== 'disk full' || (await hasRoom(one))) succeed(one);
      } catch (error) {
        if (!one.isOver && !(error instanceof Abandoned)) fail(one, error);
      }
    },
    end: (one) => {
      one.isOver = true;
      if (one.alarm !== 'none') alarm.clear(one.log);
    },
    keepWithinTotal,
  };
}

function totalOf(runs: readonly RunOutput[]): number {
  return runs.reduce((sum, run) => sum + keptBytes(run), 0);
}
