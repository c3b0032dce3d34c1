import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { hasCode } from './durable-file.ts';

/**
 * The highest number of a run that an instance has a folder of; 0: none. A database that was put back may not know of it;
 * its next run must not get that number again: the log of an instance is in the order of numbers.
 *
 * @param directory The data directory.
 */
export function newestRunFolder(directory: string, instance: string): number {
  const numbers = namesIn(join(directory, 'instances', instance, 'runs')).map((name) => Number.parseInt(name, 10));
  return Math.max(0, ...numbers.filter((number) => Number.isSafeInteger(number)));
}

/** Empty where there is no such folder. */
export function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (hasCode(error, ['ENOENT', 'ENOTDIR'])) return [];
    throw error;
  }
}
