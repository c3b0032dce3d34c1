import type { Archive, RunOutput } from './layout.ts';

/** One thing to drop, so that a log takes less room. */
export type Drop =
  /** Its content goes; its name stays as well if the places of later bytes are found by it. */
  | { what: 'archive'; archive: Archive; keepsName: boolean; bytes: number }
  /** What the engine of a run that is over wrote last. A name has to stay that tells how far its output went. */
  | { what: 'log'; run: RunOutput; bytes: number };

/** Bytes of a run's output that are really there. What is in an archive is counted there, even before the file is cut. */
export function keptBytes(run: RunOutput): number {
  return run.archives.reduce((sum, { size }) => sum + size, run.end - run.liveFrom);
}

/**
 * What to drop so that a log keeps no more than `maxBytes`: the oldest first, an archive or the log of an old run, so that
 * what is kept has no gaps. Never the file of the newest run, or of one that is written to.
 *
 * @param runs all of an instance, oldest first
 * @param isWritten whether a process writes to a run's file
 */
export function dropsToFit(
  runs: readonly RunOutput[],
  isWritten: (run: RunOutput) => boolean,
  maxBytes: number,
): Drop[] {
  let kept = runs.reduce((sum, run) => sum + keptBytes(run), 0);
  const drops: Drop[] = [];
  for (const drop of runs.flatMap((run) => candidates(run, run !== runs.at(-1) && !isWritten(run)))) {
    const isLeftover = drop.what === 'archive' && drop.bytes === 0 && !drop.keepsName;
    if (!isLeftover && (kept <= maxBytes || drop.bytes === 0)) continue;
    drops.push(drop);
    kept -= drop.bytes;
  }
  return drops;
}

function candidates(run: RunOutput, isOver: boolean): Drop[] {
  const newest = run.archives.findLast(({ to }) => to === run.liveFrom);
  const newestCut = run.archives.findLast(({ to, cut }) => cut && to === run.shift);
  const archives = run.archives.map((archive): Drop => ({
    what: 'archive',
    archive,
    keepsName: archive === newest || archive === newestCut,
    bytes: archive.size,
  }));
  return isOver ? [...archives, { what: 'log', run, bytes: run.end - run.liveFrom }] : archives;
}
