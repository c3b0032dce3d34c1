import { reasonOf } from '@llamactl/contract/reason';
import { rmSync } from 'node:fs';
import { dirname } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { COMPANIONS, copyInto } from './database.ts';
import { publish } from './durable-file.ts';
import { identityOf } from './file-identity.ts';

/**
 * State of the path of an open database. `removed`: the path has no file. `replaced`: it has another file. `elsewhere`: the
 * path of its folder leads to another folder.
 */
export type DatabaseFileFound = 'kept' | 'removed' | 'replaced' | 'elsewhere';

/**
 * The file of an open database. After someone removes or replaces the file, only the process that has it open can reach it:
 * everything that this process stores is lost when it closes the file.
 */
export class DatabaseFile {
  readonly #file: string;
  readonly #folder: string | null;
  readonly #holder: string | null;

  /** @param file Path of the open database. */
  constructor(file: string) {
    this.#file = file;
    this.#folder = identityOf(dirname(file));
    this.#holder = identityOf(file);
  }

  /** Checks the path of the database. Throws when the disk reports an error. */
  look(): DatabaseFileFound {
    const found = identityOf(this.#file);
    if (found === this.#holder) return 'kept';
    if (identityOf(dirname(this.#file)) !== this.#folder) return 'elsewhere';
    return found === null ? 'removed' : 'replaced';
  }

  /**
   * Closes the database. First saves the data of a removed file under its own name, and that of a replaced file under a
   * name beside it.
   *
   * @param now Milliseconds since the epoch.
   * @returns a sentence for the log about what was saved or could not be; `null`: the file has its name
   */
  close(database: DatabaseSync, now: number): string | null {
    const file = this.#file;
    const draft = `${file}.kept.draft`;
    try {
      const found = this.look();
      // The other folder does not belong to this server, and the database may still be in its own folder.
      if (found === 'kept' || found === 'elsewhere') return null;
      copyInto(database, draft);
      database.close();
      const aside = `${file}.replaced-${new Date(now).toISOString().replaceAll(/[-:.]/g, '')}`;
      // SQLite would take the write-ahead log of the removed file for the log of the copy.
      if (found === 'removed') for (const suffix of COMPANIONS) rmSync(file + suffix, { force: true });
      if (found === 'removed' && publish(draft, file, false)) {
        return `${file} was removed while the server used it; the server has put it back`;
      }
      publish(draft, aside, true);
      return `${file} was replaced while the server used it; the server's data is in ${aside}, which llamactl restore can restore`;
    } catch (error) {
      const reason = reasonOf(error);
      return `${file} is no longer the file that the server used, and the server's data cannot be kept: ${reason}`;
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
    // The fault of the disk was reported already; the next draft replaces this one.
  }
}
