import { fstatSync, ftruncate, ftruncateSync, readSync, renameSync, writeSync } from 'node:fs';
import { open, rename, rm, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { RUN_WOKEN, type Clock } from '../instances/ports.ts';
import { archiveName, type RunOutput } from './layout.ts';
import { Abandoned, copyPart } from './part-copy.ts';

/**
 * Moves what a file holds that an engine appends to into an archive. Copies while the engine writes, and stops the engine
 * only while it copies the rest and cuts the file. The names of the files are true at every moment (see layout.ts): the
 * one that gives an archive its name is the commit, and recovery can do again what follows.
 */
export interface Rotation {
  clock: Clock;
  /** As the files are now; only this process and the engine change them. */
  run: RunOutput;
  /** False: the disk has no room for an archive. The content is lost, but for the newest; the archive's name says so. */
  keepsContent: boolean;
  /** How much stays in the file then, at most. */
  keptBytes: number;
  openArchive: OpenArchive;
  /** Stops the engine while `step` runs; false: it cannot be stopped. */
  whileFrozen: (step: () => Promise<void>) => Promise<boolean>;
  /** Called before each step that invalidates what a reader may have read. */
  onChange: () => void;
  /** Called when the file is cut, with the archive whose name does not say so yet. */
  onCut: (archive: string) => void;
  /** Whether to stop before the commit. */
  isAbandoned: () => boolean;
}

/** Makes a file that only this user may read, or empties the one that is there. */
export type OpenArchive = (file: string) => Promise<FileHandle>;

/** Files of this ending in a run's folder are unfinished: worth nothing after a crash. */
export const UNFINISHED = '.tmp';
const ARCHIVE_TO_BE = `archive${UNFINISHED}`;

/** The beginning of a line that the engine has not ended yet stays in its file, if it is no longer than this. */
const LONGEST_REST_BYTES = 65_536;
/** Copy again while the engine runs, until less than this came meanwhile: it is copied in less than a millisecond. */
const SHORT_BYTES = 262_144;
const MOST_COPIES = 5;
const LINE_FEED = 0x0a;
/** Looks without leaving this turn: a turn of a busy server takes longer than a cut. */
const LOOKS_AT_ONCE = 50;
const LOOK_EVERY_MS = 0.1;
const NEVER = new Int32Array(new SharedArrayBuffer(4));

/** The engine could not be stopped: nothing was moved. */
export class NotFrozen extends Error {}

/** @throws {NotFrozen} */
export async function moveToArchive(rotation: Rotation): Promise<void> {
  const { run, onChange, onCut } = rotation;
  const unfinished = path.join(run.folder, ARCHIVE_TO_BE);
  // of an earlier crash: its waker was slower than the start after it
  await rm(path.join(run.folder, RUN_WOKEN), { force: true });
  const live = await open(run.live, 'r+');
  try {
    let isNamed = false;
    let cutting = Promise.resolve();
    const file = await rotation.openArchive(unfinished);
    try {
      const copied = await copyMost(rotation, live, file);
      const isFrozen = await rotation.whileFrozen(async () => {
        const { name, rest } = commit(rotation, { live: live.fd, archive: file.fd, unfinished, copied });
        isNamed = true;
        onChange();
        // over bytes that are in archives
        if (rest.length > 0) writeSync(live.fd, rest, 0, rest.length, 0);
        cutting = truncated(live.fd, rest.length);
        await untilSize(rotation.clock, live.fd, rest.length, cutting);
        onCut(name);
        // before the engine writes again: recovery tells by the size whether the file was cut
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

/** Says that the live file's first byte is the one behind this archive. */
export async function finishCut(archive: string): Promise<void> {
  await rename(archive, cutName(archive));
}

function cutName(archive: string): string {
  return `${archive}.cut`;
}

/** Copies while the engine writes. Resolves to where in the live file the rest begins. */
async function copyMost(rotation: Rotation, live: FileHandle, archive: FileHandle): Promise<number> {
  const { run, keepsContent, isAbandoned } = rotation;
  let copied = run.liveFrom - run.shift;
  if (!keepsContent) return copied;
  for (let copies = 1; copies <= MOST_COPIES; copies += 1) {
    const { size } = await live.stat();
    await copyPart(live, archive, copied, size, isAbandoned);
    const isShort = size - copied < SHORT_BYTES;
    copied = size;
    // what comes later is no older than what the engine's own file may lose in a power cut
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

/** Copies the rest and names the archive. Synchronous: the engine stands still. */
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

/** The line at the end of a file that has not ended yet; empty when it is too long to stay in front of that place. */
function unendedLine(live: number, from: number, size: number): Buffer {
  const end = readPart(live, Math.max(from, size - LONGEST_REST_BYTES), size);
  const at = end.lastIndexOf(LINE_FEED);
  const rest = end.subarray(at + 1);
  return at === -1 || rest.length > size - rest.length ? Buffer.alloc(0) : rest;
}

/** The lines that begin behind a place of a file. */
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
 * Waits until a file that is being truncated shows its new size. From then on whatever is appended comes behind it, while
 * the kernel goes on freeing 100 MB for 50–300 ms.
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
