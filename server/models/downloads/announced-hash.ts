import { createHash, type Hash } from 'node:crypto';

/** The hash of a file by its source. */
export interface AnnouncedHash {
  kind: 'sha256' | 'git object id';
  /** Lower-case hex. */
  hex: string;
}

/** The hash of a file as its source computes it. @param size Of the file, in bytes */
export function hashOf(kind: AnnouncedHash['kind'], size: number): Hash {
  return kind === 'sha256' ? createHash('sha256') : createHash('sha1').update(`blob ${size}\0`);
}

/** The hash that the source gives for a file; `null`: none. */
export function announcedHash({
  sha256,
  gitObject,
}: {
  sha256: string | null;
  gitObject: string | null;
}): AnnouncedHash | null {
  if (sha256 !== null) return { kind: 'sha256', hex: sha256 };
  return gitObject === null ? null : { kind: 'git object id', hex: gitObject };
}
