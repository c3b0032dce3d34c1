import { open, rename } from 'node:fs/promises';
import path from 'node:path';

/**
 * Renames a finished file to its final name, so that no reader ever sees half of it, even after a power failure: its
 * bytes reach the disk before the name does. Both paths must be on one filesystem; an older `file` is replaced.
 */
export async function publishFile(finished: string, file: string): Promise<void> {
  await sync(finished);
  await rename(finished, file);
  await sync(path.dirname(file));
}

async function sync(target: string): Promise<void> {
  await using handle = await open(target, 'r');
  await handle.sync();
}
