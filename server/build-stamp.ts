import { statSync } from 'node:fs';
import path from 'node:path';
import { checkedOutCommit } from './checkout.ts';

/** Source and time of a build. */
export interface BuildStamp {
  /** Commit of the source, with `-dirty` appended if a package was built with changes. `null`: unknown. */
  commit: string | null;
  /** When the package was built, or when these files were created or checked out; RFC 3339. */
  time: string;
}

/** Stamp of this checkout. A package replaces this module by one that is written when it is built (scripts/bundle.ts). */
export const BUILD_STAMP: BuildStamp = {
  commit: checkedOutCommit(path.join(import.meta.dirname, '..')),
  time: statSync(import.meta.filename).mtime.toISOString(),
};
