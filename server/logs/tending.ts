import { open, statfs } from 'node:fs/promises';
import type { AlertSink, Clock, LogReference } from '../instances/ports.ts';
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
    /** What a run's file may hold before it is rotated; half of the total at most. */
    maxSizeBytes: number;
    /** Of all that is kept of an instance. */
    maxTotalBytes: number;
  };
  alerts: AlertSink;
  /** How the file of an archive is made; tests may put in a disk that is full. */
  openArchive?: OpenArchive;
  /** For what only whoever runs llamactl can make something of; `what` is a sentence. */
  onFault: (error: unknown, what: string) => void;
}

/** A run whose file is watched. */
export interface WatchedRun extends RotatedRun {
  readonly log: LogReference;
  /** As of the last listing. */
  liveFrom: number;
  shift: number;
  /** Bytes kept of the instance, but for this run's file. */
  keptElsewhere: number;
  /** It was not tended yet. */
  isUnknown: boolean;
  /** Nothing is being done to it. */
  isAtRest: boolean;
  isOver: boolean;
  /** Looks to come at which nothing is done. */
  looksToRest: number;
  /** In a row. */
  failures: number;
  /** What was told of them. */
  alarm: 'none' | 'disk full' | 'other';
}

/** What is done for one run at a time: rotation, the bound of all that is kept, and the alert when that fails. */
export interface Tending {
  /** Asked at every look. @param liveBytes size of the run's file */
  isDue(one: WatchedRun, liveBytes: number): boolean;
  /** Never rejects: what fails is an alert, and tried again. */
  tend(one: WatchedRun): Promise<void>;
  /** Nothing of it writes any more, and nothing is wrong with it any more. */
  end(one: WatchedRun): void;
  /** Drops the oldest of what is kept of an instance, until it is little enough. */
  keepWithinTotal(log: LogReference): Promise<RunOutput[]>;
}

/** After something failed: in ten seconds. */
const LOOKS_TO_REST = 10;

/** @param watched the runs of the moment, by their folders */
export function createTending(options: TendingOptions, watched: ReadonlyMap<string, WatchedRun>): Tending {
  const { limits, openArchive = (file) => open(file, 'w', 0o600), onFault } = options;
  const { maxTotalBytes } = limits;
  // a full file and one archive are within the total
  const maxSizeBytes = Math.min(limits.maxSizeBytes, Math.floor(maxTotalBytes / 2));
  const alarm = createRotationAlarm(options.alerts);

  /** Drops the oldest until no more than so many bytes are kept; resolves to how many went. */
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
  /** @param error `null`: it was done, but output was lost */
  const fail = (one: WatchedRun, error: unknown): void => {
    one.failures += 1;
    one.looksToRest = error === null ? 0 : LOOKS_TO_REST;
    // it may be in the kernel for a moment, or about to end
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
