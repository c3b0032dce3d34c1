import { open, rename, rm, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { archiveName, type RunOutput } from './layout.ts';
import { lastLineEnd } from './line-end.ts';
import { Abandoned, copyPart } from './part-copy.ts';

/**
 * Moves the beginning of a file that an engine appends to into an archive, so that no line is lost and none is there
 * twice, whenever we are killed. What the names of the files say (see layout.ts) holds at every moment: the one that
 * gives an archive its name is the commit, and what follows can be done again.
 */
export interface Rotation {
  /** As the files are now; nobody changes them but us and the engine. */
  run: RunOutput;
  /** False: there is no room for an archive. The content is lost; the archive's name is there, and tells what is missing. */
  keepsContent: boolean;
  openArchive: OpenArchive;
  /** Before each step that makes wrong what somebody may be reading. */
  onChange: () => void;
  /** Whether to stop before the commit. */
  isAbandoned: () => boolean;
}

/** Makes a file that only we may read, or empties the one that is there. */
export type OpenArchive = (file: string) => Promise<FileHandle>;

/** Files of this ending in a run's folder are unfinished: worth nothing after a crash. */
export const UNFINISHED = '.tmp';
const ARCHIVE_TO_BE = `archive${UNFINISHED}`;

/** The beginning of a line that the engine has not ended yet stays in its file, if it is no longer than this. */
const LONGEST_REST_BYTES = 65_536;

/**
 * Where holes can be made: copy, name the archive, free what was copied. The engine notices nothing.
 *
 * @param to number of the byte behind the part
 * @param punch frees the first bytes of a file
 * @throws {Error} when `punch` does; the rest is done then
 */
export async function moveByHole(
  { run, keepsContent, openArchive, onChange, isAbandoned }: Rotation,
  to: number,
  punch: (file: string, bytes: number) => Promise<void>,
): Promise<void> {
  await makeArchive(run, openArchive, async (archive) => {
    if (!keepsContent) return to;
    const live = await open(run.live, 'r');
    try {
      await copyPart(live, archive, run.liveFrom - run.shift, to - run.shift, isAbandoned);
    } finally {
      await live.close();
    }
    await archive.datasync();
    return to;
  });
  onChange();
  await syncFolder(run.folder);
  await punch(run.live, to - run.shift);
}

/** Who holds an engine still while its file is cut. */
export interface Freezer {
  /** Resolves to whether all of it stands still. */
  freeze(): Promise<boolean>;
  thaw(): void;
}

/** The engine could not be held still: nothing was moved. */
export class NotFrozen extends Error {}

/**
 * Where no holes can be made: copy nearly all, hold the engine still, copy the rest, cut the file off. The archive is named
 * as if there were a hole, and renamed when the file is cut: in between both are true, for nothing is written.
 *
 * @throws {NotFrozen}
 */
export async function moveByCut(
  { run, keepsContent, openArchive, onChange, isAbandoned }: Rotation,
  freezer: Freezer,
): Promise<void> {
  const from = run.liveFrom - run.shift;
  let copied = from;
  let rest = Buffer.alloc(0);
  const live = await open(run.live, 'r+');
  try {
    const archive = await makeArchive(run, openArchive, async (file) => {
      const copyOn = async (): Promise<void> => {
        const { size } = await live.stat();
        if (keepsContent) await copyPart(live, file, copied, size, isAbandoned);
        copied = size;
      };
      await copyOn();
      if (keepsContent) await file.datasync();
      // what came meanwhile is no older than what the engine's own file may lose in a power cut
      await copyOn();
      if (!(await freezer.freeze())) throw new NotFrozen('The engine could not be held still');
      await copyOn();
      rest = await unendedLine(live, from, copied);
      if (keepsContent) await file.truncate(copied - rest.length - from);
      if (isAbandoned()) throw new Abandoned();
      return run.shift + copied - rest.length;
    });
    onChange();
    // over bytes that are in archives
    if (rest.length > 0) await live.write(rest, 0, rest.length, 0);
    await live.truncate(rest.length);
    await finishCut(archive);
    onChange();
  } finally {
    try {
      freezer.thaw();
    } finally {
      await live.close();
    }
  }
}

/** Says that the live file's first byte is the one behind this archive. */
export async function finishCut(archive: string): Promise<void> {
  await rename(archive, `${archive}.cut`);
}

/** @param fill writes the content and resolves to the number of the byte behind it */
async function makeArchive(
  run: RunOutput,
  openArchive: OpenArchive,
  fill: (file: FileHandle) => Promise<number>,
): Promise<string> {
  const unfinished = path.join(run.folder, ARCHIVE_TO_BE);
  try {
    const file = await openArchive(unfinished);
    let to: number;
    try {
      to = await fill(file);
    } finally {
      await file.close();
    }
    const archive = path.join(run.folder, archiveName({ from: run.liveFrom, to, cut: false }));
    await rename(unfinished, archive);
    return archive;
  } catch (error) {
    await rm(unfinished, { force: true });
    throw error;
  }
}

/** The line at the end of a file that has not ended yet; empty when it is too long to stay in front of that place. */
async function unendedLine(live: FileHandle, from: number, size: number): Promise<Buffer<ArrayBuffer>> {
  const start = await lastLineEnd(live, Math.max(from, size - LONGEST_REST_BYTES), size);
  if (start === null || size - start > start) return Buffer.alloc(0);
  const rest = Buffer.alloc(size - start);
  const { bytesRead } = await live.read(rest, 0, rest.length, start);
  return rest.subarray(0, bytesRead);
}

/** So that no power cut undoes a name while the hole stays. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
