import { open } from 'node:fs/promises';
import type { Clock } from '../instances/ports.ts';
import { isDiskFull } from './file-error.ts';
import { readRun, type RunOutput } from './layout.ts';
import { lastLineEnd } from './line-end.ts';
import { finishCut, moveToArchive, type OpenArchive, type Rotation } from './rotation.ts';

/** What is known of a run between two rotations. */
export interface RotatedRun {
  /** The run's. */
  folder: string;
  /** Something was moved to an archive and is still in the live file too. */
  isCutDue: boolean;
  /** The archive behind which the file was cut, while its name does not say so yet. */
  unnamedCut: string | null;
  /** No line ends before this place: a search need not begin earlier. */
  searchedTo: number;
  whileFrozen: Rotation['whileFrozen'];
  onChange: () => void;
  isAbandoned: () => boolean;
}

export interface RotatorOptions {
  clock: Clock;
  maxSizeBytes: number;
  openArchive: OpenArchive;
  /** Drops the oldest that is kept of the run's instance; false: nothing is left to drop. */
  makeRoom: (run: RotatedRun) => Promise<boolean>;
}

/** A line longer than this many times the limit is not waited for: it is taken apart. */
const PATIENCE_WITH_LINES = 4;
/** How much of a file stays when the disk has no room for an archive. */
const NEWEST_BYTES = 1_048_576;

export interface Rotator {
  /**
   * Brings a run's file below the limit, if it is above. On a full disk older output goes first. With nothing older left,
   * and `mayDrop`, all of the file goes but the newest mebibyte: an engine must not fill the disk for ever.
   *
   * @returns whether something was dropped that had not been read into an archive
   * @throws {Error} `ENOSPC` and the like; NotFrozen; Abandoned
   */
  rotate(run: RotatedRun, mayDrop: boolean): Promise<{ hasDropped: boolean }>;
}

export function createRotator({ clock, maxSizeBytes, openArchive, makeRoom }: RotatorOptions): Rotator {
  const move = async (run: RotatedRun, keepsContent: boolean): Promise<void> => {
    if (run.unnamedCut !== null) await nameCut(run, run.unnamedCut);
    const output = await readRun(run.folder, 0, 0);
    if (!run.isCutDue && !(await isTooLarge(run, output))) return;
    await moveToArchive({
      clock,
      run: output,
      keepsContent,
      keptBytes: Math.min(NEWEST_BYTES, Math.floor(maxSizeBytes / 2)),
      openArchive,
      whileFrozen: run.whileFrozen,
      onChange: () => {
        run.isCutDue = true;
        run.onChange();
      },
      onCut: (archive) => {
        run.unnamedCut = archive;
      },
      isAbandoned: run.isAbandoned,
    });
    run.isCutDue = false;
    run.unnamedCut = null;
  };
  /** The rename failed when the file was cut. */
  const nameCut = async (run: RotatedRun, archive: string): Promise<void> => {
    await finishCut(archive);
    run.unnamedCut = null;
    run.isCutDue = false;
    run.onChange();
  };

  const isTooLarge = async (run: RotatedRun, output: RunOutput): Promise<boolean> => {
    const { liveFrom, end } = output;
    if (end - liveFrom <= maxSizeBytes) return false;
    if ((await lineEndIn(output, Math.max(liveFrom, run.searchedTo), end)) !== null) return true;
    run.searchedTo = end;
    return end - liveFrom > PATIENCE_WITH_LINES * maxSizeBytes;
  };

  return {
    rotate: async (run, mayDrop) => {
      for (;;) {
        try {
          await move(run, true);
          return { hasDropped: false };
        } catch (error) {
          if (!isDiskFull(error)) throw error;
          if (await makeRoom(run)) continue;
          if (!mayDrop) throw error;
        }
        await move(run, false);
        return { hasDropped: true };
      }
    },
  };
}

async function lineEndIn(output: RunOutput, from: number, to: number): Promise<number | null> {
  const live = await open(output.live, 'r');
  try {
    const at = await lastLineEnd(live, from - output.shift, to - output.shift);
    return at === null ? null : at + output.shift;
  } finally {
    await live.close();
  }
}
