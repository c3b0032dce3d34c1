import { lstatSync, readlinkSync, statSync } from 'node:fs';
import path from 'node:path';

/** Home directories, which a service's user may not enter. */
const HOMES = /^\/(?:home|root|Users)\//;
const WRITABLE_BY_OTHERS = 0o022;

/** Whether a path is in a home directory. */
export function isInHome(place: string): boolean {
  return HOMES.test(place);
}

/**
 * Whether root alone controls an absolute path. Each folder on the way, also through links, belongs to root, is
 * writable for root alone, and is no home directory.
 *
 * @throws {Error} when a part of the path does not exist
 */
export function isRootsPath(place: string): boolean {
  if (isInHome(place)) return false;
  const folder = path.dirname(place);
  if (folder !== place && !(isRootsFolder(folder) && isRootsPath(folder))) return false;
  return !lstatSync(place).isSymbolicLink() || isRootsPath(path.resolve(folder, readlinkSync(place)));
}

function isRootsFolder(folder: string): boolean {
  const { uid, mode } = statSync(folder);
  return uid === 0 && (mode & WRITABLE_BY_OTHERS) === 0;
}
