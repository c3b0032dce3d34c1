import type { ServerDescription } from '@llamactl/server/main';
import { EXIT } from '../exit-status.ts';
import { Problem } from '../problem.ts';

/** The lock and the description of a data directory's server, as the server's code reads them. */
export interface DirectoryLock {
  isLockHeld: (directory: string) => boolean;
  readDescription: (directory: string) => ServerDescription | null;
}

/**
 * Finds the server of a data directory; `null`: none runs. Only the lock proves that it runs. The description may be
 * that of a killed server, and its pid may belong to another process by now.
 *
 * @throws {Problem} when a server runs, but no file describes it
 */
export function serverIn(directory: string, { isLockHeld, readDescription }: DirectoryLock): ServerDescription | null {
  const isHeld = isLockHeld(directory);
  const holder = isHeld ? readDescription(directory) : null;
  if (holder !== null || !isHeld) return holder;
  throw new Problem(`a server uses ${directory}, but its server.json is missing or unreadable`, EXIT.failed, [
    'the server rewrites it within seconds: try again; if that fails, see the log of the server',
  ]);
}
