import { hasRoom } from './disk-room.ts';

/** More than a server writes before it serves: the store's index and log, `server.json`, and changes of state. */
const NEEDED_BYTES = 1_048_576;

/** @throws {Error} for people: the disk of the data directory is full, so no server should start there */
export function assertRoom(directory: string, bytes = NEEDED_BYTES): void {
  if (!hasRoom(directory, bytes)) throw new Error(`the disk of ${directory} is full; make room and try again`);
}
