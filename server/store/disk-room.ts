import { hasCode } from '@llamactl/contract/reason';
import { randomBytes } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { extendedCode, primaryCode } from './result-code.ts';

/** SQLITE_FULL, and the extended code SQLITE_IOERR_SHMSIZE: no room for the index of the write-ahead log. */
const FULL = 13;
const NO_ROOM_FOR_INDEX = 4_874;

/** Whether the disk is full, or the user's quota is used up. */
export function isOutOfRoom(error: unknown): boolean {
  if (hasCode(error, ['ENOSPC', 'EDQUOT'])) return true;
  return primaryCode(error) === FULL || extendedCode(error) === NO_ROOM_FOR_INDEX;
}

/** Whether the disk of a directory has room for `bytes` more. Writes a file of that size to find out. */
export function hasRoom(directory: string, bytes: number): boolean {
  const file = join(directory, 'room.probe');
  try {
    // Random, because a filesystem that compresses needs no room for zeros.
    writeFileSync(file, randomBytes(bytes), { mode: 0o600, flush: true });
    return true;
  } catch (error) {
    if (!isOutOfRoom(error)) throw error;
    return false;
  } finally {
    rmSync(file, { force: true });
  }
}
