import { rmSync } from 'node:fs';
import { dirname } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { COMPANIONS, copyInto } from './database.ts';
import { publish } from './durable-file.ts';
import { identityOf } from './file-identity.ts';

/**
 * What the name of an open database leads to. `removed`: to nothing. `replaced`: to another file. `elsewhere`: the name of its
 * folder leads to another folder.
 */
export type DatabaseFileFound = 'kept' | 'removed' | 'replaced' | 'elsewhere';

/**
 * The file of an open database. Removing or replacing it hides it from every process but the one that has it open: what that
 * process stores is lost when it closes the file.
 */
export class DatabaseFile {
  readonly #file: string;
  readonly #folder: string | null;
  readonly #holder: string | null;

  /** @param file It is open, and has its name. */
  constructor(file: string) {
    this.#file = file;
    this.#folder = identityOf(dirname(file));
    this.#holder = identityOf(file);
  }

  /** Throws where the disk cannot tell. */
  look(): DatabaseFileFound {
    const found = identityOf(this.#file);
    if (found === this.#holder) return 'kept';
    if (identityOf(dirname(this.#file)) !== this.#folder) return 'elsewhere';
    return found === null ? 'removed' : 'replaced';
  }

  /**
   * Closes the database. One that was removed is first saved under its own name, one that was replaced under a name beside it.
   *
   * @param now Milliseconds since the epoch.
   * @returns what was done, or could not be, for the log; `null`: it has its name
   */
  close(database: DatabaseSync, now: number): string | null {
    const file = this.#file;
    const draft = `${file}.kept.draft`;
    try {
      const found = this.look();
      // Another folder is not ours to write to, and the database may still lie in its own.
      if (found === 'kept' || found === 'elsewhere') return null;
      copyInto(database, draft);
      database.close();
      const aside = `${file}.replaced-${new Date(now).toISOString().replaceAll(/[-:.]/g, '')}`;
      // The log of the one that was removed would be taken for that of the copy.
      if (found === 'removed') for (const suffix of COMPANIONS) rmSync(file + suffix, { force: true });
      if (found === 'removed' && publish(draft, file, false)) {
        return `${file} was removed while the server used it; it has put it back`;
      }
      publish(draft, aside, true);
      return `${file} was replaced while the server used it; what the server has stored is in ${aside}, which llamactl restore puts back`;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      return `${file} is not the one any more that the server used, and what it has stored cannot be kept: ${reason}`;
    } finally {
      if (database.isOpen) database.close();
      discard(draft);
    }
  }
}

function discard(draft: string): void {
  try {
    rmSync(draft, { force: true });
  } catch {
    // What is wrong with the disk was said; the next one replaces it.
  }
}
