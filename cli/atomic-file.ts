import { randomUUID } from 'node:crypto';
import { closeSync, linkSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';

interface AtomicWrite {
  /** Permissions of the new file. Those of a replaced file are not kept. */
  mode: number;
  mayReplace: boolean;
}

/**
 * Writes a file completely or not at all. Does not sync it: after a power failure, it may be empty.
 *
 * @throws {Error} of the system; code EEXIST: the file exists and may not be replaced
 */
export function writeAtomically(file: string, text: string, { mode, mayReplace }: AtomicWrite): void {
  const draft = `${file}.${randomUUID()}.part`;
  const descriptor = openSync(draft, 'wx', mode);
  try {
    try {
      writeFileSync(descriptor, text);
    } finally {
      closeSync(descriptor);
    }
    if (mayReplace) renameSync(draft, file);
    // Unlike a rename, a link never replaces an existing file.
    else linkSync(draft, file);
  } finally {
    rmSync(draft, { force: true });
  }
}
