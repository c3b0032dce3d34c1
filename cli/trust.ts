import type { Stats } from 'node:fs';

/** Permission bits of those who are not the owner to write. */
const WRITABLE_BY_OTHERS = 0o022;

/**
 * Whether only we or root decide what is there: the same that counts for a configuration that nobody has named. Root looks
 * after the servers of others, whose directory it names.
 */
export function isTrusted({ uid, mode }: Pick<Stats, 'uid' | 'mode'>, own = process.getuid?.() ?? null): boolean {
  if (own === null) return true;
  return (own === 0 || uid === own || uid === 0) && (mode & WRITABLE_BY_OTHERS) === 0;
}
