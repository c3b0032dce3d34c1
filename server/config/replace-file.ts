import { codeOf, hasCode } from '@llamactl/contract/reason';
import { isUtf8 } from 'node:buffer';
import { constants } from 'node:fs';
import { access, lstat, mkdir, open, readFile, realpath, rename, rm, stat } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import path from 'node:path';

/** A file must not be written, or could not be. The file is unchanged, and the message has the reason. */
export class UnwritableFile extends Error {
  override readonly name = 'UnwritableFile';
  readonly path: string;

  /** @param reason Half a sentence about the file. */
  constructor(path: string, reason: string, cause?: unknown) {
    super(reason, { cause });
    this.path = path;
  }
}

/** The new and the expected old content of a file. */
export interface Replacement {
  /** Absolute. */
  path: string;
  /** Content when the file was read; `null`: the file did not exist. */
  before: string | null;
  after: string;
  /** Id of our user. */
  uid: number;
  /** Whether to create a missing folder. */
  makesFolder: boolean;
}

/**
 * Replaces a file. Resolves with false, and leaves the file alone, if it has changed meanwhile. Throws
 * {@link UnwritableFile}.
 */
export type ReplaceFile = (replacement: Replacement) => Promise<boolean>;

/** Failures with a cause outside llamactl. */
const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'llamactl may not write there',
  EPERM: 'llamactl may not write there',
  EROFS: 'its file system is read-only',
  ENOSPC: 'no space is left on its disk',
  EDQUOT: 'the disk quota is used up',
  EFBIG: 'it would be larger than files may be',
  ENOENT: 'its folder does not exist',
  ENOTDIR: 'a part of its path is not a folder',
};

/**
 * Creates a {@link ReplaceFile}. It writes a new file beside the old one, syncs it and renames it, so that the path
 * always has a complete file. Mode and owner stay. If the path is a link, the link stays and its target is replaced.
 *
 * @param fill Writes the text into the new file; replaced only in tests.
 */
export function fileReplacer(fill: (file: FileHandle, text: string) => Promise<void> = writeAll): ReplaceFile {
  return async (replacement) => {
    try {
      return await replace(replacement, fill);
    } catch (error) {
      const code = codeOf(error) ?? '';
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
    // Check as late as possible, so that a concurrent edit by hand is not lost.
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

/** Resolves links of a path; returns the path itself when no file exists yet. */
async function targetOf(named: string): Promise<string> {
  try {
    return await realpath(named);
  } catch (error) {
    if (!isMissing(error)) throw error;
    const link = await lstat(named).catch((reason: unknown) => {
      if (isMissing(reason)) return null;
      throw reason;
    });
    if (link !== null) throw new UnwritableFile(named, 'it is a link to a file that does not exist');
    return named;
  }
}

/** Checks that the file may be written. Respects mode bits for root too: a user removed them on purpose. */
async function ownerOf(target: string, uid: number): Promise<{ uid: number; gid: number; mode: number } | null> {
  const stats = await stat(target).catch((error: unknown) => {
    if (isMissing(error)) return null;
    throw error;
  });
  if (stats === null) return null;
  if (!stats.isFile()) throw new UnwritableFile(target, 'it is not a regular file');
  // Our user would own the new file; only root can restore the owner.
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

/** Syncs the folder, so that the rename survives a power failure. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, constants.O_RDONLY);
  try {
    await handle.sync();
  } catch (error) {
    // Some network file systems cannot sync a folder; the rename has succeeded anyway.
    if (!hasCode(error, ['EINVAL', 'ENOTSUP'])) throw error;
  } finally {
    await handle.close();
  }
}

function isMissing(error: unknown): boolean {
  return codeOf(error) === 'ENOENT';
}
