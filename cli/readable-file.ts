import { codeOf } from '@llamactl/contract/reason';
import { readFileSync } from 'node:fs';

/** The text of a file; `null`: it does not exist, or we may not read it. */
export function readableFile(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (codeOf(error) === null) throw error;
    return null;
  }
}
