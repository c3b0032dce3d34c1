import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { isOutOfRoom } from './room.ts';

/** More than a server writes before it serves: the index and log of the store, who it is, what has changed. */
const NEEDED_BYTES = 1_048_576;

/** @throws {Error} for people: the data directory takes no more, so that nobody should begin to serve on it */
export function assertRoom(directory: string, bytes = NEEDED_BYTES): void {
  const file = path.join(directory, 'room.probe');
  try {
    writeFileSync(file, Buffer.alloc(bytes), { mode: 0o600, flush: true });
  } catch (error) {
    if (!isOutOfRoom(error)) throw error;
    throw new Error(`the disk of ${directory} is full; make room, and repeat it`, { cause: error });
  } finally {
    rmSync(file, { force: true });
  }
}
