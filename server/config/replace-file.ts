import { isUtf8 } from 'node:buffer';
import { constants } from 'node:fs';
import { access, lstat, mkdir, open, readFile, realpath, rename, rm, stat } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import path from 'node:path';

/** A file that is not to be written, or could not be; nothing was changed. Its message says why. */
export class UnwritableFile extends Error {
  override readonly name = 'UnwritableFile';
  readonly path: string;

  /** @param reason Half a sentence about the file. */
  constructor(path: string, reason: string, cause?: unknown) {
    super(reason, { cause });
    this.path = path;
  }
}

/** What to write, and instead of what. */
export interface Replacement {
  /** Absolute. */
  path: string;
  /** What the file held when it was read; `null`: it was not there. */
  before: string | null;
  after: string;
  /** Of our user. */
  uid: number;
  /** Whether to make the folder when it is missing. */
  makesFolder: boolean;
}

/** Replaces a file; `false`: it is not any more what it was, and was left alone. Throws {@link UnwritableFile}. */
export type ReplaceFile = (replacement: Replacement) => Promise<boolean>;

/** Kinds of failure that are no fault of ours. */
const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'we may not write there',
  EPERM: 'we may not write there',
  EROFS: 'its file system is read-only',
  ENOSPC: 'no space is left on its disk',
  EDQUOT: 'the disk quota is used up',
  EFBIG: 'it would be larger than files may be',
  ENOENT: 'its folder is not there',
  ENOTDIR: 'its folder is none',
};

/**
 * A {@link ReplaceFile}: writes a new file beside the old one and puts it in its place when it is safely on the disk, so
 * that there always is a whole file, old or new. Mode and owner stay; a link stays, and what it leads to is replaced.
 *
 * @param fill Writes the text into the new file; another one only for tests.
 */
export function fileReplacer(fill: (file: FileHandle, text: string) => Promise<void> = writeAll): ReplaceFile {
  return async (replacement) => {
    try {
      return await replace(replacement, fill);
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : '';
      const reason = REASONS[code];
      throw reason === undefined ? error : new UnwritableFile(replacement.path, `${reason} (${code})`, error);
    }
  };
}

async function replace(
  { path: named, before, after, uid, makesFolder }: Replacement,
  fill: typeof writeAll,
): Promise<boolean> {
  const target = await targetOf(named);
  const folder = path.dirname(target);
  if (before === null && makesFolder) await mkdir(folder, { recursive: true, mode: 0o700 });
  const owner = await ownerOf(target, uid);
  if ((await readIfThere(target)) !== before) return false;
  await checkFolder(target);

  const fresh = path.join(folder, `.${path.basename(target)}.${process.pid}.new`);
  try {
    await rm(fresh, { force: true });
    const file = await open(fresh, 'wx', 0o600);
    try {
      await fill(file, after);
      if (owner !== null) {
        const made = await file.stat();
        if (made.uid !== owner.uid || made.gid !== owner.gid) await file.chown(owner.uid, owner.gid);
        await file.chmod(owner.mode & 0o7777);
      }
      await file.sync();
    } finally {
      await file.close();
    }
    // As late as can be: whoever edits the file by hand meanwhile must not lose it.
    if ((await readIfThere(target)) !== before) return false;
    await rename(fresh, target);
  } finally {
    await rm(fresh, { force: true });
  }
  await syncFolder(folder);
  return true;
}

async function writeAll(file: FileHandle, text: string): Promise<void> {
  await file.writeFile(text);
}

/** Where a path leads to, itself when nothing is there yet. */
async function targetOf(named: string): Promise<string> {
  try {
    return await realpath(named);
  } catch (error) {
    if (!isMissing(error)) throw error;
    const link = await lstat(named).catch((reason: unknown) => {
      if (isMissing(reason)) return null;
      throw reason;
    });
    if (link !== null) throw new UnwritableFile(named, 'it is a link to a file that is not there');
    return named;
  }
}

/** Mode bits are looked at too: root may write whatever they say, but somebody took them away on purpose. */
async function ownerOf(target: string, uid: number): Promise<{ uid: number; gid: number; mode: number } | null> {
  const stats = await stat(target).catch((error: unknown) => {
    if (isMissing(error)) return null;
    throw error;
  });
  if (stats === null) return null;
  if (!stats.isFile()) throw new UnwritableFile(target, 'it is no regular file');
  // A new file would be ours; only root can give it back.
  if (stats.uid !== uid && uid !== 0) throw new UnwritableFile(target, `it belongs to another user (uid ${stats.uid})`);
  if ((stats.mode & 0o222) === 0) throw new UnwritableFile(target, 'it is read-only');
  await access(target, constants.W_OK);
  return stats;
}

async function checkFolder(target: string): Promise<void> {
  const folder = path.dirname(target);
  const stats = await stat(folder);
  if ((stats.mode & 0o222) === 0) throw new UnwritableFile(target, 'its folder is read-only');
  await access(folder, constants.W_OK | constants.X_OK);
}

async function readIfThere(target: string): Promise<string | null> {
  try {
    const bytes = await readFile(target);
    if (!isUtf8(bytes)) throw new UnwritableFile(target, 'it is not UTF-8 text');
    return bytes.toString();
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

/** So that the new name, too, outlives a power cut. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, constants.O_RDONLY);
  try {
    await handle.sync();
  } catch (error) {
    // Some network file systems cannot; the file is in its place either way.
    if (!(error instanceof Error && 'code' in error && (error.code === 'EINVAL' || error.code === 'ENOTSUP')))
      throw error;
  } finally {
    await handle.close();
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
