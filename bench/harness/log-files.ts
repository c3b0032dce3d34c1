import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';

const BLOCK_BYTES = 512;

/** What the files below a folder take of the disk, holes left out. */
export function allocatedBytes(folder: string): number {
  return filesBelow(folder).reduce((sum, file) => sum + statSync(file).blocks * BLOCK_BYTES, 0);
}

/** Finds the only file with a name below a folder. @throws {Error} If there is no such file, or several. */
export function onlyFile(folder: string, name: string): string {
  const [file, ...others] = filesBelow(folder).filter((each) => path.basename(each) === name);
  if (file === undefined || others.length > 0) throw new Error(`${folder} does not hold exactly one ${name}`);
  return file;
}

/** Their paths. */
export function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name));
}
