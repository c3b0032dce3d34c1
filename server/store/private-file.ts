import { codeOf } from '@llamactl/contract/reason';
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Ensures that a file exists (empty when new) and that only its owner can read it. A folder that it creates is also
 * readable only by its owner. An existing file is never opened: closing it again would drop the locks that this process
 * holds on it.
 */
export function makePrivateFile(file: string): void {
  makePrivateFolder(dirname(file));
  try {
    writeFileSync(file, '', { flag: 'wx', mode: 0o600 });
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
    chmodSync(file, 0o600);
  }
}

/** Makes a file, if it exists, readable only by its owner. Does not open the file, see {@link makePrivateFile}. */
export function closeToOthers(file: string): void {
  try {
    chmodSync(file, 0o600);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
  }
}

/**
 * Creates a folder and its parents for their owner only, unless they exist. One by one: Node's recursive mkdir never returns
 * under `/proc` and the like (seen on 24.21).
 */
export function makePrivateFolder(folder: string): void {
  const attempt = (): string | null => {
    try {
      mkdirSync(folder, { mode: 0o700 });
      return null;
    } catch (error) {
      const code = codeOf(error);
      if (code === 'EEXIST') return null;
      if (code === 'ENOENT' && dirname(folder) !== folder && !existsSync(dirname(folder))) return 'no parent';
      throw error;
    }
  };
  if (attempt() === null) return;
  makePrivateFolder(dirname(folder));
  attempt();
}
