import { realpathSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';

/** The description of a backup, stored in its table `meta`. */
const BackupMarkSchema = z.object({
  /** RFC 3339. */
  made_at: z.string(),
  /** Version of the llamactl that made the backup. */
  version: z.string(),
  /** The data directory that was backed up. */
  directory: z.string(),
  /** The configuration file at that time; `null`: no file. */
  configuration: z.object({ file: z.string(), text: z.string() }).nullable(),
});
export type BackupMark = z.infer<typeof BackupMarkSchema>;

/** Marks a database that was restored and that no server has opened since. */
const RestoredMarkSchema = z.object({
  /** The restored file, for people: `the backup x.db of 2026-…`. */
  what: z.string(),
  /** Whether log-ins and revocations were kept from the database that was replaced. */
  keeps_log_ins: z.boolean(),
});
export type RestoredMark = z.infer<typeof RestoredMarkSchema>;

const BACKUP = 'backup';
const RESTORED = 'restored';

export function markBackup(database: DatabaseSync, mark: BackupMark): void {
  write(database, BACKUP, mark);
}

export function markRestored(database: DatabaseSync, mark: RestoredMark): void {
  write(database, RESTORED, mark);
}

/** Reads the mark of a backup; `null`: the file is a plain copy of a database. */
export function backupMark(database: DatabaseSync): BackupMark | null {
  return read(database, BACKUP, BackupMarkSchema);
}

/**
 * Reads the mark of a restore; `null`: the database was not restored, or a server has opened it since.
 * A database with a {@link backupMark} but without this mark was restored by hand.
 */
export function restoredMark(database: DatabaseSync): RestoredMark | null {
  return read(database, RESTORED, RestoredMarkSchema);
}

/** Whether the first server that opens the database ends all log-ins. */
export function endsLogIns(database: DatabaseSync): boolean {
  const restored = restoredMark(database);
  return restored === null ? backupMark(database) !== null : !restored.keeps_log_ins;
}

export function removeMarks(database: DatabaseSync): void {
  database.prepare('delete from meta where key in (?, ?)').run(BACKUP, RESTORED);
}

/**
 * Removes the identifier of a backup that is restored into another data directory. With one identifier for both, a server
 * could take the engines of the other directory for its own.
 *
 * @param from The data directory that was backed up; `null`: unknown.
 */
export function disownElsewhere(database: DatabaseSync, from: string | null, directory: string): void {
  if (from === realpathSync(directory)) return;
  database.prepare(`delete from meta where key = 'data_dir_id'`).run();
}

function write(database: DatabaseSync, key: string, mark: unknown): void {
  database.prepare('insert or replace into meta (key, value) values (?, ?)').run(key, JSON.stringify(mark));
}

function read<Mark>(database: DatabaseSync, key: string, schema: z.ZodType<Mark>): Mark | null {
  const row = database.prepare('select value from meta where key = ?').get(key);
  return row === undefined ? null : schema.parse(JSON.parse(String(row['value'])));
}
