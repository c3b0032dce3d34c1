import { statSync } from 'node:fs';

/** Identifies a file or folder by device and inode, independent of its name; `null`: nothing has this name. Valid while it exists. */
export function identityOf(path: string): string | null {
  const found = statSync(path, { bigint: true, throwIfNoEntry: false });
  return found === undefined ? null : `${found.dev}:${found.ino}`;
}
