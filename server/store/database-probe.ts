import { join } from 'node:path';
import { DATABASE, lookAtDatabase } from './database.ts';

/**
 * Checks the database of a running server before a reload, while the successor can still refuse to take over.
 *
 * @throws {Error} for people: the database is lost, damaged, or of a newer llamactl
 */
export function assertDatabase(directory: string): void {
  const file = join(directory, DATABASE);
  if (lookAtDatabase(file).is === 'none') throw new Error(`${file} is missing, but a server uses it: it was removed`);
}
