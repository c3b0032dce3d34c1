import { chmodSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

const PRIVATE = 0o700;
const OTHERS = 0o077;
const WRITABLE_BY_OTHERS = 0o022;
/** What may lie in a data directory: what we put there, configuration, and what a new filesystem begins with. */
const USUAL =
  /^(?:llamactl\.db|server\.(?:entry\.lock|lock|json)|admin-password|(?:instances|engines|models|doors|rehearsal|room\.probe|lost\+found)$|[^/]*\.ya?ml$)/;

/**
 * Shuts others out of a data directory that was there before us with a looser mode. One that belongs to another user, or
 * holds other things too (a home, or `/tmp`), is not ours to shut: that is only said.
 *
 * @param directory exists; the lock is held
 * @param uid of this process
 * @returns a sentence for the log when others can still get in, else `null`
 */
export function shutDataDirectory(directory: string, uid: number): string | null {
  const { mode, uid: owner } = statSync(directory);
  if ((mode & OTHERS) === 0) return null;
  if (owner !== uid) return openTo(mode, directory, 'it belongs to another user');
  const foreign = readdirSync(directory).find((name) => !USUAL.test(name));
  if (foreign !== undefined) return openTo(mode, directory, `${foreign} in it is not of llamactl`);
  try {
    chmodSync(directory, PRIVATE);
  } catch (error) {
    return openTo(mode, directory, error instanceof Error ? error.message : String(error));
  }
  // A filesystem without modes takes the change and forgets it.
  const after = statSync(directory).mode;
  return (after & OTHERS) === 0 ? null : openTo(after, directory, 'its filesystem keeps no modes');
}

/** @throws {Error} for people: what belongs to instances has no folder, so that no engine could be started */
export function assertFolder(directory: string): void {
  const folder = join(directory, 'instances');
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() ?? true) return;
  throw new Error(
    `${folder} is no folder: llamactl keeps there what belongs to instances. Move it away. Engines that run are left alone.`,
  );
}

function openTo(mode: number, directory: string, reason: string): string {
  const danger =
    (mode & WRITABLE_BY_OTHERS) === 0 ? 'looked into by others' : 'written by others, who can so become you';
  return `${directory} can be ${danger}, and was left so since ${reason}; give llamactl a directory of its own with mode 0700.`;
}
