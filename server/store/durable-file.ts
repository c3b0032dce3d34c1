import { codeOf, hasCode } from '@llamactl/contract/reason';
import { closeSync, fsyncSync, linkSync, openSync, renameSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Syncs a written file to the disk. The file must not be open as a database in this process: closing any descriptor of a
 * file drops the locks that the process holds on it.
 */
export function syncFile(file: string): void {
  sync(file, 'r+');
}

/** Syncs a folder to the disk: names that were created, changed or removed in it. */
export function syncFolder(folder: string): void {
  sync(folder, 'r');
}

function sync(path: string, flags: string): void {
  const descriptor = openSync(path, flags);
  try {
    fsyncSync(descriptor);
  } catch (error) {
    // Some filesystems cannot sync folders: rely on their own guarantees for names.
    if (flags === 'r+' || !hasCode(error, ['EINVAL', 'ENOTSUP', 'EISDIR'])) throw error;
  } finally {
    closeSync(descriptor);
  }
}

/**
 * Gives a finished draft its name atomically, even across a power loss.
 *
 * @param mayReplace Whether an existing file of that name is replaced.
 * @returns whether the draft has the name; `false`: a file of that name exists
 */
export function publish(draft: string, file: string, mayReplace: boolean): boolean {
  syncFile(draft);
  if (mayReplace) renameSync(draft, file);
  else if (!publishNew(draft, file)) return false;
  syncFolder(dirname(file));
  return true;
}

/** Gives the draft a second name: unlike a rename, a link never replaces a file. The caller removes the draft's own name. */
function publishNew(draft: string, file: string): boolean {
  try {
    linkSync(draft, file);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    // FAT filesystems have no hard links.
    if (!hasCode(error, ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'])) throw error;
  }
  if (statSync(file, { throwIfNoEntry: false }) !== undefined) return false;
  renameSync(draft, file);
  return true;
}
