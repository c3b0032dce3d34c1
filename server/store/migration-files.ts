import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** A file of SQL that changes the schema. */
export interface MigrationFile {
  /** Begins with its number. */
  name: string;
  sql: string;
}

export const MIGRATIONS_FOLDER = path.join(import.meta.dirname, 'migrations');

/**
 * Reads the migrations of a folder, in order. The bundle of a package replaces this module by one that contains llamactl's own
 * migrations (scripts/bundle.ts): an executable has no such folder, and after an upgrade the folder may be of another version.
 */
export function migrationFiles(folder: string): MigrationFile[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.sql'))
    .toSorted()
    .map((name) => ({ name, sql: readFileSync(path.join(folder, name), 'utf8') }));
}
