import { codeOf } from '@llamactl/contract/reason';
import { realpathSync, statSync } from 'node:fs';

/**
 * Internal flag of a successor: the base of relative paths. Needed if the folder of its predecessor is gone, so that
 * the successor works in another one.
 */
export const RELATIVE_TO = '--relative-to';

/** The working directory of a successor. */
export interface WorkingDirectory {
  /** Left out: the current one. */
  cwd?: string;
  /** For the successor's command line. */
  flags: readonly string[];
}

/**
 * Selects an existing working directory, because Node does not start in a removed one. Relative paths keep their
 * meaning.
 *
 * @param began The folder in which this process started, or its base of relative paths. Absolute.
 */
export function successorDirectory(began: string): WorkingDirectory {
  if (isThere()) return { flags: [] };
  // The folder was removed, and created again.
  if (isFolder(began)) return { cwd: began, flags: [] };
  return { cwd: '/', flags: [RELATIVE_TO, began] };
}

/** Asks the system: Node caches its working directory. */
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
