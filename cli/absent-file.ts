import { statSync } from 'node:fs';

/** Whether a file is certainly not there; one in a folder that we may not look into may be. @param file Absolute. */
export function isAbsent(file: string): boolean {
  try {
    return statSync(file, { throwIfNoEntry: false }) === undefined;
  } catch {
    return false;
  }
}
