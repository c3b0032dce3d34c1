import { hasRoom } from './room.ts';

/** More than a server writes before it serves: the index and log of the store, who it is, what has changed. */
const NEEDED_BYTES = 1_048_576;

/** @throws {Error} for people: the data directory takes no more, so that nobody should begin to serve on it */
export function assertRoom(directory: string, bytes = NEEDED_BYTES): void {
  if (!hasRoom(directory, bytes)) throw new Error(`the disk of ${directory} is full; make room, and repeat it`);
}
