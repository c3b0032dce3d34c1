import { codeOf } from '@llamactl/contract/reason';
import { statSync } from 'node:fs';

/** When a file was last written, in milliseconds since the epoch. `null`: it does not exist, or we may not read it. */
export function lastWritten(file: string): number | null {
  try {
    return statSync(file).mtimeMs;
  } catch (error) {
    if (codeOf(error) === null) throw error;
    return null;
  }
}
