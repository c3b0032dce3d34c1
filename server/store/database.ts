import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { closeToOthers, makePrivateFile } from './private-file.ts';

/** A numbered SQL file: brings the schema from `version - 1` to `version`. */
interface Migration {
  version: number;
  file: string;
}

const MIGRATIONS_FOLDER = join(import.meta.dirname, 'migrations');

/** How long a statement waits for a lock of another program that looks into the file, such as a backup. */
const BUSY_TIMEOUT_MS = 2000;

/**
 * Opens the file, making it and its folder when they are missing, and brings its schema up to date. The file is
 * readable by its owner alone: it holds the environment of instances, the keys of running engines and what signs tokens.
 *
 * Throws when the file was written by a newer llamactl, is no database, or cannot be opened.
 *
 * @param migrationsFolder Only for tests.
 */
export function openDatabase(file: string, migrationsFolder = MIGRATIONS_FOLDER): DatabaseSync {
  // SQLite gives its `-wal` and `-shm` files the mode of the main file; but not those that a crash or a copy left there.
  makePrivateFile(file);
  for (const suffix of ['-wal', '-shm']) closeToOthers(file + suffix);
  const database = new DatabaseSync(file, {
    timeout: BUSY_TIMEOUT_MS,
    enableForeignKeyConstraints: true,
    enableDoubleQuotedStringLiterals: false,
    allowExtension: false,
    defensive: true,
  });
  try {
    // FULL: with WAL only this syncs at every commit, so that what was acknowledged survives a power loss.
    database.exec('pragma journal_mode = wal; pragma synchronous = full');
    migrate(database, file, migrationsFolder);
  } catch (error) {
    database.close();
    throw isDamaged(error) ? damaged(file, error) : error;
  }
  return database;
}

/** SQLITE_CORRUPT and SQLITE_NOTADB. */
const DAMAGED: ReadonlySet<unknown> = new Set([11, 26]);

function isDamaged(error: unknown): error is Error {
  return error instanceof Error && 'errcode' in error && DAMAGED.has(error.errcode);
}

function damaged(file: string, cause: Error): Error {
  const remedy = 'Restore it from a backup, or move it away with its -wal and -shm files to begin without instances.';
  return new Error(`${file} is damaged or no database (${cause.message}). ${remedy}`, { cause });
}

function migrate(database: DatabaseSync, file: string, folder: string): void {
  const migrations = listMigrations(folder);
  const stored = schemaVersion(database);
  if (stored > migrations.length) {
    throw new Error(
      `${file} has schema version ${stored}, this llamactl knows versions up to ${migrations.length}: ` +
        'it was written by a newer llamactl. Run that version, or choose another data_dir.',
    );
  }
  for (const migration of migrations.slice(stored)) {
    const sql = readFileSync(migration.file, 'utf8');
    try {
      database.exec(`begin immediate;\n${sql}\n; pragma user_version = ${migration.version}; commit`);
    } catch (error) {
      if (database.isTransaction) database.exec('rollback');
      throw new Error(
        `The change of the stored data to schema version ${migration.version} failed; nothing was changed.`,
        {
          cause: error,
        },
      );
    }
  }
}

/** In order; their numbers run from 1 without a gap, so that `user_version` is the number of those applied. */
function listMigrations(folder: string): Migration[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.sql'))
    .toSorted()
    .map((name, index) => {
      const version = Number.parseInt(name, 10);
      if (version !== index + 1)
        throw new Error(`${name} should be migration ${index + 1}: a number is missing or double.`);
      return { version, file: join(folder, name) };
    });
}

function schemaVersion(database: DatabaseSync): number {
  const row = database.prepare('pragma user_version').get();
  return Number(row?.['user_version'] ?? 0);
}
