import { join } from 'node:path';
import { DATABASE, lookAtDatabase } from './database.ts';

/**
 * For who is about to go on with what another server has stored, as long as that can be refused.
 *
 * @throws {Error} for people: what would be opened is lost, damaged, or of a newer llamactl
 */
export function assertDatabase(directory: string): void {
  const file = join(directory, DATABASE);
  if (lookAtDatabase(file).is === 'none') throw new Error(`${file} is not there, but a server uses it: it was removed`);
}
