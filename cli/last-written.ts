import { codeOf } from '@llamactl/contract/reason';
import { statSync } from 'node:fs';

/** Milliseconds since the epoch; `null`: the file does not exist, or we may not read it. */
export function lastWritten(file: string): number | null {
  try {
    return statSync(file).mtimeMs;
  } catch (error) {
    if (codeOf(error) === null) throw error;
    return null;
  }
}
