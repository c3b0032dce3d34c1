import { open, type FileHandle } from 'node:fs/promises';
import type { Clock } from '../instances/ports/time.ts';
import { isDiskFull } from './file-error.ts';
import { readRun, type RunOutput } from './layout.ts';
import { finishCut, moveToArchive, type OpenArchive, type Rotation } from './rotation.ts';

/** State of a run between two rotations. */
export interface RotatedRun {
  /** Folder of the run. */
  folder: string;
  /** Whether bytes of an archive are still in the live file too. */
  isCutDue: boolean;
  /** The archive after which the file was cut, until that archive is renamed; `null`: none. */
  unnamedCut: string | null;
  /** No line ends before this position, so a search begins here. */
  searchedTo: number;
  whileFrozen: Rotation['whileFrozen'];
  onChange: () => void;
  isAbandoned: () => boolean;
}

export interface RotatorOptions {
  clock: Clock;
  maxSizeBytes: number;
  /** Most bytes of the instance's log. */
  maxTotalBytes: number;
  openArchive: OpenArchive;
  /** Drops the oldest kept output of the run's instance; false: nothing is left to drop. */
  makeRoom: (run: RotatedRun) => Promise<boolean>;
}

/** A line longer than this many times the limit is divided. */
const PATIENCE_WITH_LINES = 4;
/** Bytes of a file that stay when the disk has no room for an archive. */
const NEWEST_BYTES = 1_048_576;

export interface Rotator {
  /**
   * Rotates a run's file if it exceeds the limit. On a full disk, drops older output first. If none is left and
   * `mayDrop` is set, drops all but the newest mebibyte of the file. So an engine cannot keep the disk full.
   *
   * @returns whether output of the file was dropped instead of archived
   * @throws {Error} `ENOSPC` and the like; NotFrozen; Abandoned
   */
  rotate(run: RotatedRun, mayDrop: boolean): Promise<{ hasDropped: boolean }>;
}

const PIECE_BYTES = 65_536;
const LINE_FEED = 0x0a;

export function createRotator(options: RotatorOptions): Rotator {
  const { clock, maxSizeBytes, maxTotalBytes, openArchive, makeRoom } = options;
  const move = async (run: RotatedRun, keepsContent: boolean): Promise<void> => {
    if (run.unnamedCut !== null) await nameCut(run, run.unnamedCut);
    const output = await readRun(run.folder, 0, 0);
    if (!run.isCutDue && !(await isTooLarge(run, output))) return;
    await moveToArchive({
      clock,
      run: output,
      pieceBytes: maxSizeBytes,
      mostBytes: maxTotalBytes,
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
  /** Repeats a rename that failed when the file was cut. */
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

/** The offset after the last line feed between two offsets of a file; `null`: no line feed. */
async function lastLineEnd(file: FileHandle, from: number, to: number): Promise<number | null> {
  const buffer = Buffer.allocUnsafe(Math.min(PIECE_BYTES, Math.max(0, to - from)));
  for (let end = to; end > from;) {
    const start = Math.max(from, end - PIECE_BYTES);
    const { bytesRead } = await file.read(buffer, 0, end - start, start);
    const at = buffer.subarray(0, bytesRead).lastIndexOf(LINE_FEED);
    if (at !== -1) return start + at + 1;
    end = start;
  }
  return null;
}
