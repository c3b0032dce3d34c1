import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** A file of SQL. */
export interface MigrationFile {
  /** Begins with its number. */
  name: string;
  sql: string;
}

export const MIGRATIONS_FOLDER = path.join(import.meta.dirname, 'migrations');

/**
 * Those of a folder, in order. The bundle of a package has another module in place of this one, which holds our own
 * (scripts/bundle.ts): beside an executable there is no folder, and after an upgrade there may lie those of another version.
 */
export function migrationFiles(folder: string): MigrationFile[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.sql'))
    .toSorted()
    .map((name) => ({ name, sql: readFileSync(path.join(folder, name), 'utf8') }));
}
