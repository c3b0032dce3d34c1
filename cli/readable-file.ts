import { readFileSync } from 'node:fs';
import { codeOf } from './reason.ts';

/** The text of a file; `null`: it is not there, or not ours to see. */
export function readableFile(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (codeOf(error) === null) throw error;
    return null;
  }
}
