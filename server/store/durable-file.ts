import { closeSync, fsyncSync, linkSync, openSync, renameSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Puts a file that was written on the disk itself. It must not be open as a database in this process: closing any
 * descriptor of a file drops the locks that the process holds on it.
 */
export function syncFile(file: string): void {
  sync(file, 'r+');
}

/** Puts names that were made, changed or removed in a folder on the disk itself. */
export function syncFolder(folder: string): void {
  sync(folder, 'r');
}

function sync(path: string, flags: string): void {
  const descriptor = openSync(path, flags);
  try {
    fsyncSync(descriptor);
  } catch (error) {
    // Some filesystems cannot sync folders: what they promise for names is all there is.
    if (flags === 'r+' || !hasCode(error, ['EINVAL', 'ENOTSUP', 'EISDIR'])) throw error;
  } finally {
    closeSync(descriptor);
  }
}

/**
 * Gives a finished draft its name, whole or not at all, also over a loss of power.
 *
 * @param mayReplace Whether there may be something of that name, which is then gone.
 * @returns whether it was done; `false`: there is something of that name
 */
export function publish(draft: string, file: string, mayReplace: boolean): boolean {
  syncFile(draft);
  if (mayReplace) renameSync(draft, file);
  else if (!publishNew(draft, file)) return false;
  syncFolder(dirname(file));
  return true;
}

/** A rename would replace what is there; a second name does not. The draft's own stays for the caller to remove. */
function publishNew(draft: string, file: string): boolean {
  try {
    linkSync(draft, file);
    return true;
  } catch (error) {
    if (hasCode(error, ['EEXIST'])) return false;
    // A stick with FAT has no second names.
    if (!hasCode(error, ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'])) throw error;
  }
  if (statSync(file, { throwIfNoEntry: false }) !== undefined) return false;
  renameSync(draft, file);
  return true;
}

/** Whether the system has said one of these. */
export function hasCode(error: unknown, codes: readonly string[]): boolean {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && codes.includes(error.code);
}
