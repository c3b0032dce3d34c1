import { realpathSync, statSync } from 'node:fs';
import { codeOf } from './reason.ts';

/** Not for people: what relative paths mean to a server that works elsewhere, as the folder of the one before it is gone. */
export const RELATIVE_TO = '--relative-to';

/** Where a successor is to work. */
export interface WorkingDirectory {
  /** Left out: where we do. */
  cwd?: string;
  /** For its command line. */
  flags: readonly string[];
}

/**
 * A folder that is there: no Node begins in one that was removed. Relative paths keep their meaning in any.
 *
 * @param began Where we began to work, or what relative paths mean to us. Absolute.
 */
export function successorDirectory(began: string): WorkingDirectory {
  if (isThere()) return { flags: [] };
  // Removed, and made again.
  if (isFolder(began)) return { cwd: began, flags: [] };
  return { cwd: '/', flags: [RELATIVE_TO, began] };
}

/** Asks the system: Node remembers where it worked when it was asked last. */
function isThere(): boolean {
  return answers(() => realpathSync.native('.')) !== null;
}

function isFolder(folder: string): boolean {
  return answers(() => statSync(folder).isDirectory()) === true;
}

function answers<Answer>(ask: () => Answer): Answer | null {
  try {
    return ask();
  } catch (error) {
    if (codeOf(error) === null) throw error;
    return null;
  }
}
