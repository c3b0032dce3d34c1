import type { Archive, RunOutput } from './layout.ts';

/** An item to drop, so that a log takes less space. */
export type Drop =
  /** Drops an archive's content; keeps its name if that determines the positions of later bytes. */
  | { what: 'archive'; archive: Archive; keepsName: boolean; bytes: number }
  /**
   * Drops the live file of a run that is over. An empty archive stays, because its name records where the output ends.
   */
  | { what: 'log'; run: RunOutput; bytes: number };

/** Kept bytes of a run's output. Bytes in both an archive and the live file count once. */
export function keptBytes(run: RunOutput): number {
  return run.archives.reduce((sum, { size }) => sum + size, run.end - run.liveFrom);
}

/**
 * Selects what to drop so that a log keeps at most `maxBytes`: the oldest archives and logs of old runs first, so that the
 * rest has no gaps. Never selects the file of the newest run, or one that a process writes to.
 *
 * @param runs all runs of an instance, oldest first
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
