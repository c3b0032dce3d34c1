import { statSync } from 'node:fs';
import path from 'node:path';
import { checkedOutCommit } from './checkout.ts';

/** Of what the program was made, and when. */
export interface BuildStamp {
  /** Of the source; `-dirty` behind it: a package was built with changes. `null`: not known. */
  commit: string | null;
  /** When the package was built, or these files were made or checked out; RFC 3339. */
  time: string;
}

/** Of this checkout. A package has another module in place of this one (scripts/bundle.ts), written when it is built. */
export const BUILD_STAMP: BuildStamp = {
  commit: checkedOutCommit(path.join(import.meta.dirname, '..')),
  time: statSync(import.meta.filename).mtime.toISOString(),
};
