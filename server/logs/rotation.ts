import { fstatSync, ftruncate, ftruncateSync, readSync, renameSync, writeSync } from 'node:fs';
import { open, rename, rm, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { RUN_WOKEN } from '../instances/ports/run-output.ts';
import type { Clock } from '../instances/ports/time.ts';
import { archiveName, type RunOutput } from './layout.ts';
import { Abandoned, copyPart } from './part-copy.ts';

/**
 * A rotation moves the content of a run's live file, to which the engine appends, into an archive. It copies while the
 * engine writes, and freezes the engine only to copy the rest and cut the file. The file names are correct at every
 * moment (see layout.ts): renaming the archive is the commit, and recovery can repeat the steps after it.
 */
export interface Rotation {
  clock: Clock;
  /** The present files; only this process and the engine change them. */
  run: RunOutput;
  /** Bytes of an archive: a burst of output is divided, because archives are dropped as a whole. */
  pieceBytes: number;
  /** Most bytes that are archived. The oldest output of a longer burst is dropped. */
  mostBytes: number;
  /** False: the disk has no room for an archive. All but the newest content is lost; the archive's size shows that. */
  keepsContent: boolean;
  /** Most bytes that stay in the file if `keepsContent` is false. */
  keptBytes: number;
  openArchive: OpenArchive;
  /** Stops the engine while `step` runs; false: the engine cannot be stopped. */
  whileFrozen: (step: () => Promise<void>) => Promise<boolean>;
  /** Called before each step that may invalidate a concurrent read. */
  onChange: () => void;
  /** Called when the file is cut, with the archive that has not been renamed yet. */
  onCut: (archive: string) => void;
  /** Whether to stop before the commit. */
  isAbandoned: () => boolean;
}

/** Creates a file that only this user may read, or empties an existing one. */
export type OpenArchive = (file: string) => Promise<FileHandle>;

/** Suffix of unfinished files in a run's folder, which are useless after a crash. */
export const UNFINISHED = '.tmp';
const ARCHIVE_TO_BE = `archive${UNFINISHED}`;

/** The start of an unfinished line stays in the engine's file, up to this length. */
const LONGEST_REST_BYTES = 65_536;
/**
 * Copying is repeated while the engine runs, until less than this is new. Copying that much takes under a millisecond.
 */
const SHORT_BYTES = 262_144;
const MOST_COPIES = 5;
const LINE_FEED = 0x0a;
const PIECE_BYTES = 65_536;
/** Checks within the current turn: a turn of a busy server takes longer than a cut. */
const LOOKS_AT_ONCE = 50;
const LOOK_EVERY_MS = 0.1;
const NEVER = new Int32Array(new SharedArrayBuffer(4));

/** The engine could not be stopped: nothing was moved. */
export class NotFrozen extends Error {}

/** @throws {NotFrozen} */
export async function moveToArchive(rotation: Rotation): Promise<void> {
  const { onChange, onCut } = rotation;
  const { folder } = rotation.run;
  const unfinished = path.join(folder, ARCHIVE_TO_BE);
  // left by an earlier crash whose waker was slower than the restart
  await rm(path.join(folder, RUN_WOKEN), { force: true });
  const live = await open(rotation.run.live, 'r+');
  try {
    const liveFrom = rotation.keepsContent ? await archiveBurst(rotation, live, unfinished) : rotation.run.liveFrom;
    const run = { ...rotation.run, liveFrom };
    let isNamed = false;
    let cutting = Promise.resolve();
    const file = await rotation.openArchive(unfinished);
    try {
      const copied = await copyMost({ ...rotation, run }, live, file);
      const isFrozen = await rotation.whileFrozen(async () => {
        const { name, rest } = commit({ ...rotation, run }, { live: live.fd, archive: file.fd, unfinished, copied });
        isNamed = true;
        onChange();
        // overwrites only bytes that are in archives already
        if (rest.length > 0) writeSync(live.fd, rest, 0, rest.length, 0);
        cutting = truncated(live.fd, rest.length);
        await untilSize(rotation.clock, live.fd, rest.length, cutting);
        onCut(name);
        // rename before the engine writes again: recovery concludes from the size whether the file was cut
        renameSync(name, cutName(name));
        onChange();
      });
      if (!isFrozen) throw new NotFrozen('The engine could not be stopped');
    } finally {
      await file.close();
      if (!isNamed) await rm(unfinished, { force: true });
      await cutting;
    }
  } finally {
    await live.close();
  }
}

/** Renames an archive to record that the live file begins after it. */
export async function finishCut(archive: string): Promise<void> {
  await rename(archive, cutName(archive));
}

function cutName(archive: string): string {
  return `${archive}.cut`;
}

/**
 * Drops what is too much of a burst, and archives all but the last pieces of the rest, while the engine writes. The file is not cut
 * yet: after a crash, recovery finds archives whose bytes are in the file too. Resolves to the first byte that is left.
 */
async function archiveBurst(rotation: Rotation, live: FileHandle, unfinished: string): Promise<number> {
  const { run, pieceBytes, mostBytes, openArchive, isAbandoned, onChange } = rotation;
  const end = run.shift + (await live.stat()).size;
  let from = run.liveFrom;
  /** @param bytesFrom The earlier bytes are dropped. */
  const archive = async (to: number, bytesFrom: number): Promise<number> => {
    const file = await openArchive(unfinished);
    try {
      await copyPart(live, file, bytesFrom - run.shift, to - run.shift, isAbandoned);
      await file.datasync();
    } catch (error) {
      await rm(unfinished, { force: true });
      throw error;
    } finally {
      await file.close();
    }
    await rename(unfinished, path.join(run.folder, archiveName({ from, to, cut: false })));
    onChange();
    return to;
  };
  const lineFrom = async (at: number): Promise<number> =>
    run.shift + (await lineStart(live, at - run.shift, end - run.shift));
  if (end - from > mostBytes) {
    const to = await lineFrom(end - mostBytes);
    // A line that is longer than all that may be kept is divided.
    const kept = to < end ? to : end - mostBytes;
    from = await archive(kept, kept);
  }
  while (end - from > 2 * pieceBytes) {
    const to = await lineFrom(from + pieceBytes);
    // A long line may leave less than a piece.
    if (end - to < pieceBytes) break;
    from = await archive(to, from);
  }
  return from;
}

/** The offset in a file of the first line that begins at `from` or after it; `to`: none does before that. */
async function lineStart(live: FileHandle, from: number, to: number): Promise<number> {
  const buffer = Buffer.allocUnsafe(PIECE_BYTES);
  for (let at = from - 1; at < to; at += PIECE_BYTES) {
    const { bytesRead } = await live.read(buffer, 0, Math.min(PIECE_BYTES, to - at), at);
    const found = buffer.subarray(0, bytesRead).indexOf(LINE_FEED);
    if (found !== -1) return at + found + 1;
  }
  return to;
}

/** Copies while the engine writes. Resolves to the offset in the live file where the rest begins. */
async function copyMost(rotation: Rotation, live: FileHandle, archive: FileHandle): Promise<number> {
  const { run, keepsContent, isAbandoned } = rotation;
  let copied = run.liveFrom - run.shift;
  if (!keepsContent) return copied;
  for (let copies = 1; copies <= MOST_COPIES; copies += 1) {
    const { size } = await live.stat();
    await copyPart(live, archive, copied, size, isAbandoned);
    const isShort = size - copied < SHORT_BYTES;
    copied = size;
    // sync only the first copy: a power failure could lose later output from the engine's own file too
    if (copies === 1) await archive.datasync();
    else if (isShort) break;
  }
  return copied;
}

interface Commit {
  live: number;
  archive: number;
  unfinished: string;
  copied: number;
}

/** Copies the rest and names the archive. Synchronous, because the engine is stopped. */
function commit(rotation: Rotation, { live, archive, unfinished, copied }: Commit): { name: string; rest: Buffer } {
  const { run, keepsContent, keptBytes, isAbandoned } = rotation;
  if (isAbandoned()) throw new Abandoned();
  const from = run.liveFrom - run.shift;
  const { size } = fstatSync(live);
  const rest = keepsContent ? unendedLine(live, from, size) : newestLines(live, Math.max(from, size - keptBytes), size);
  const to = size - rest.length;
  if (keepsContent) {
    writeAll(archive, readPart(live, copied, size));
    if (rest.length > 0) ftruncateSync(archive, to - from);
  }
  const name = path.join(run.folder, archiveName({ from: run.liveFrom, to: run.shift + to, cut: false }));
  renameSync(unfinished, name);
  return { name, rest };
}

/** The unfinished line at the end of a file; empty when it is too long to stay in the file. */
function unendedLine(live: number, from: number, size: number): Buffer {
  const end = readPart(live, Math.max(from, size - LONGEST_REST_BYTES), size);
  const at = end.lastIndexOf(LINE_FEED);
  const rest = end.subarray(at + 1);
  return at === -1 || rest.length > size - rest.length ? Buffer.alloc(0) : rest;
}

/** The lines that begin after an offset of a file. */
function newestLines(live: number, from: number, size: number): Buffer {
  const end = readPart(live, from, size);
  const at = end.indexOf(LINE_FEED);
  const rest = end.subarray(at + 1);
  return at === -1 || rest.length > size - rest.length ? Buffer.alloc(0) : rest;
}

function readPart(file: number, from: number, to: number): Buffer {
  const bytes = Buffer.alloc(Math.max(0, to - from));
  for (let filled = 0; filled < bytes.length;) {
    const count = readSync(file, bytes, filled, bytes.length - filled, from + filled);
    if (count === 0) throw new Error('The log is shorter than it was');
    filled += count;
  }
  return bytes;
}

function writeAll(file: number, bytes: Buffer): void {
  for (let written = 0; written < bytes.length;) written += writeSync(file, bytes, written);
}

function truncated(file: number, size: number): Promise<void> {
  return new Promise((resolve, reject) => {
    ftruncate(file, size, (error) => {
      if (error) reject(error);
      else resolve();
    });
  });
}

/**
 * Waits until a file that is being truncated shows its new size. From then on, appended output comes after it, while the
 * kernel may spend another 50–300 ms on freeing 100 MB.
 */
async function untilSize(clock: Clock, file: number, size: number, cutting: Promise<void>): Promise<void> {
  for (let looks = 0; looks < LOOKS_AT_ONCE; looks += 1) {
    if (fstatSync(file).size === size) return;
    Atomics.wait(NEVER, 0, 0, LOOK_EVERY_MS);
  }
  const isOver = cutting.then(() => true);
  while (fstatSync(file).size !== size) {
    if (await Promise.race([isOver, turn(clock)])) return;
  }
}

function turn(clock: Clock): Promise<false> {
  return new Promise((resolve) => {
    clock.nextTurn(() => resolve(false));
  });
}
