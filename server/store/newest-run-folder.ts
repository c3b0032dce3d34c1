import { hasCode } from '@llamactl/contract/reason';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Returns the highest run number for which an instance has a folder; 0: none. A restored database may not know this run. The
 * next run must not reuse its number, because the log of an instance is ordered by run number.
 *
 * @param directory The data directory.
 */
export function newestRunFolder(directory: string, instance: string): number {
  const numbers = namesIn(join(directory, 'instances', instance, 'runs')).map((name) => Number.parseInt(name, 10));
  return Math.max(0, ...numbers.filter((number) => Number.isSafeInteger(number)));
}

/** Returns the names in a folder; empty if the folder does not exist. */
export function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (hasCode(error, ['ENOENT', 'ENOTDIR'])) return [];
    throw error;
  }
}
