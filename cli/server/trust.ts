import type { Stats } from 'node:fs';

/** Write permission for group and others. */
const WRITABLE_BY_OTHERS = 0o022;

/**
 * Whether only we or root can change a file. The same rule holds for a configuration file that is found without being
 * named. For root, files of any owner count, because root names the data directories of other users.
 */
export function isTrusted({ uid, mode }: Pick<Stats, 'uid' | 'mode'>, own = process.getuid?.() ?? null): boolean {
  if (own === null) return true;
  return (own === 0 || uid === own || uid === 0) && (mode & WRITABLE_BY_OTHERS) === 0;
}
