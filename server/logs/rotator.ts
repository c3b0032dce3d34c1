import { open } from 'node:fs/promises';
import { isDiskFull } from './file-error.ts';
import type { HolePuncher } from './hole-puncher.ts';
import { readRun, type RunOutput } from './layout.ts';
import { lastLineEnd } from './line-end.ts';
import { moveByCut, moveByHole, type Freezer, type OpenArchive, type Rotation } from './rotation.ts';

/** What is known of a run between two rotations. */
export interface RotatedRun {
  /** The run's. */
  folder: string;
  /** Something was moved to an archive and is still in the live file too. */
  isHoleDue: boolean;
  /** Up to here no line ends behind what was moved: what was searched need not be searched again. */
  searchedTo: number;
  freezer: Freezer;
  onChange: () => void;
  isAbandoned: () => boolean;
}

export interface RotatorOptions {
  puncher: HolePuncher;
  maxSizeBytes: number;
  openArchive: OpenArchive;
  /** Drops the oldest that is kept of the run's instance; false: there is nothing. */
  makeRoom: (run: RotatedRun) => Promise<boolean>;
}

/** A line longer than this many times the limit is not waited for: it is taken apart. */
const PATIENCE_WITH_LINES = 4;

export interface Rotator {
  /**
   * Brings a run's file below the limit, if it is above. On a full disk older output goes first; when there is none, and
   * `mayDrop`, the older half of what the file may hold goes itself: an engine must not fill the disk for ever.
   *
   * @returns whether something was dropped that had not been read into an archive
   * @throws {Error} `ENOSPC` and the like; NotFrozen; Abandoned
   */
  rotate(run: RotatedRun, mayDrop: boolean): Promise<{ hasDropped: boolean }>;
}

export function createRotator({ puncher, maxSizeBytes, openArchive, makeRoom }: RotatorOptions): Rotator {
  const move = async (run: RotatedRun, keepsContent: boolean): Promise<void> => {
    const output = await readRun(run.folder, 0, 0);
    const rotation: Rotation = {
      run: output,
      keepsContent,
      openArchive,
      onChange: () => {
        run.isHoleDue = true;
        run.onChange();
      },
      isAbandoned: run.isAbandoned,
    };
    const to = keepsContent ? await endOfPart(run, output) : await endOfOlderHalf(output);
    if (to === null && !run.isHoleDue) return;
    const canPunch = await puncher.works(run.folder);
    if (canPunch && run.isHoleDue) await puncher.punch(output.live, output.liveFrom - output.shift);
    if (!canPunch) await moveByCut(rotation, run.freezer);
    else if (to !== null) await moveByHole(rotation, to, (file, bytes) => puncher.punch(file, bytes));
    run.isHoleDue = false;
  };

  /** Number of the byte behind the last whole line; `null`: not to be rotated yet. */
  const endOfPart = async (run: RotatedRun, output: RunOutput): Promise<number | null> => {
    const { liveFrom, end } = output;
    if (end - liveFrom <= maxSizeBytes) return null;
    const lineEnd = await lineEndIn(output, Math.max(liveFrom, run.searchedTo), end);
    if (lineEnd !== null) return lineEnd;
    run.searchedTo = end;
    return end - liveFrom > PATIENCE_WITH_LINES * maxSizeBytes ? end : null;
  };
  const endOfOlderHalf = async (output: RunOutput): Promise<number | null> => {
    const to = output.end - Math.floor(maxSizeBytes / 2);
    return to <= output.liveFrom ? null : ((await lineEndIn(output, output.liveFrom, to)) ?? to);
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
