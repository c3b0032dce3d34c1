import { lstatSync, readlinkSync, statSync } from 'node:fs';
import path from 'node:path';

/** Where people live, and a service's user may not go. */
const HOMES = /^\/(?:home|root|Users)\//;
const WRITABLE_BY_OTHERS = 0o022;

/** Whether a path lies in a home directory. */
export function isInHome(place: string): boolean {
  return HOMES.test(place);
}

/**
 * Whether root alone decides where an absolute path leads: each folder on the way, over links too, is root's, none else may
 * write there, and none is a home directory.
 *
 * @throws {Error} when something on the way is not there
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
