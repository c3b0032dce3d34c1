import { reasonOf } from '@llamactl/contract/reason';
import { DatabaseSync } from 'node:sqlite';
import { migrationFiles, MIGRATIONS_FOLDER } from './migration-files.ts';

/** A numbered SQL file: brings the schema from `version - 1` to `version`. */
interface Migration {
  version: number;
  sql: string;
}

/** Returns the schema version of this llamactl. */
export function newestSchema(folder = MIGRATIONS_FOLDER): number {
  return listMigrations(folder).length;
}

/** Returns the schema version of a database; 0: it is empty, or of another program. */
export function schemaVersion(database: DatabaseSync): number {
  return Number(database.prepare('pragma user_version').get()?.['user_version'] ?? 0);
}

/**
 * Brings the schema of a database forward, one transaction per step. Throws when a step fails, and rolls that step back.
 *
 * @param to A known version, not older than the database's own.
 */
export function migrate(database: DatabaseSync, to: number, folder = MIGRATIONS_FOLDER): void {
  for (const { version, sql } of listMigrations(folder).slice(schemaVersion(database), to)) {
    try {
      database.exec(`begin immediate;\n${sql}\n; pragma user_version = ${version}`);
      const [orphan] = database.prepare('pragma foreign_key_check').all();
      if (orphan !== undefined) throw new Error(`a row of ${String(orphan['table'])} refers to a missing row`);
      database.exec('commit');
    } catch (error) {
      if (database.isTransaction) database.exec('rollback');
      const reason = reasonOf(error);
      throw new Error(
        `The change of the stored data to schema version ${version} failed; nothing was changed (${reason}).`,
        { cause: error },
      );
    }
  }
}

/** Returns the names of tables and indexes that the database lacks for its schema version. */
export function missingParts(database: DatabaseSync, folder = MIGRATIONS_FOLDER): string[] {
  const model = new DatabaseSync(':memory:');
  try {
    migrate(model, schemaVersion(database), folder);
    const there = new Set(partsOf(database));
    return partsOf(model).filter((part) => !there.has(part));
  } finally {
    model.close();
  }
}

/** Lists the parts of a schema, such as `table instances`. */
function partsOf(database: DatabaseSync): string[] {
  const rows = database.prepare(`select type, name from sqlite_schema where name not like 'sqlite_%'`).all();
  return rows.map(({ type, name }) => `${String(type)} ${String(name)}`);
}

/** Lists the migrations in order. They are numbered from 1 without gaps, so `user_version` is the number of applied ones. */
function listMigrations(folder: string): Migration[] {
  return migrationFiles(folder).map(({ name, sql }, index) => {
    const version = Number.parseInt(name, 10);
    if (version !== index + 1)
      throw new Error(`${name} should be migration ${index + 1}: a number is missing or used twice.`);
    return { version, sql };
  });
}
