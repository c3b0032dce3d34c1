import { statSync } from 'node:fs';

/** What a file or folder is, whatever it is called, for as long as somebody has it; `null`: nothing has this name. */
export function identityOf(path: string): string | null {
  const found = statSync(path, { bigint: true, throwIfNoEntry: false });
  return found === undefined ? null : `${found.dev}:${found.ino}`;
}
