import { reasonOf } from '@llamactl/contract/reason';
import { chmodSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

const PRIVATE = 0o700;
const OTHERS = 0o077;
const WRITABLE_BY_OTHERS = 0o022;
/** Names expected in a data directory: files of llamactl, configuration, and `lost+found` of a new filesystem. */
const USUAL =
  /^(?:llamactl\.db(?:\.counters)?|server\.(?:entry\.lock|lock|json|log)|admin-password|(?:models\.(?:index|figures)|load-times\.json|machine-stats\.gz|usage\.gz|requests(?:-in-flight)?\.jsonl)(?:\.new)?|(?:instances|engines|models|doors|rehearsal|room\.probe|lost\+found)$|[^/]*\.ya?ml$)/;

/**
 * Sets mode 0700 on an existing data directory that other users can access. Only reports the problem if the directory
 * belongs to another user or contains foreign files (a home directory, or `/tmp`).
 *
 * @param directory It exists, and the caller holds its lock.
 * @param uid User id of this process.
 * @returns a sentence for the log when others still have access, else `null`
 */
export function shutDataDirectory(directory: string, uid: number): string | null {
  const { mode, uid: owner } = statSync(directory);
  if ((mode & OTHERS) === 0) return null;
  if (owner !== uid) return openTo(mode, directory, 'it belongs to another user');
  const foreign = readdirSync(directory).find((name) => !USUAL.test(name));
  if (foreign !== undefined) return openTo(mode, directory, `${foreign} in it does not belong to llamactl`);
  try {
    chmodSync(directory, PRIVATE);
  } catch (error) {
    return openTo(mode, directory, reasonOf(error));
  }
  // A filesystem without modes accepts the change but does not keep it.
  const after = statSync(directory).mode;
  return (after & OTHERS) === 0 ? null : openTo(after, directory, 'its filesystem keeps no modes');
}

/** @throws {Error} for people: `instances` exists but is not a folder, so no engine could be started */
export function assertFolder(directory: string): void {
  const folder = join(directory, 'instances');
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() ?? true) return;
  throw new Error(
    `${folder} is not a folder: llamactl keeps the files of instances there. Move it away. Engines that run are left alone.`,
  );
}

function openTo(mode: number, directory: string, reason: string): string {
  const danger =
    (mode & WRITABLE_BY_OTHERS) === 0 ? 'read by other users' : 'written by other users, who can so act as you';
  return `${directory} can be ${danger}. llamactl did not change its mode, because ${reason}. Give llamactl its own directory with mode 0700.`;
}
