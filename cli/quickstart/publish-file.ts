import { open, rename } from 'node:fs/promises';
import path from 'node:path';

/**
 * Gives a finished file its final name so that nobody ever sees half of it, not even after a power failure: its bytes
 * are on the disk before the name is. Both paths must be on one filesystem; an older `file` is replaced.
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
