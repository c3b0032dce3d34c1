import { realpathSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';

/** What a backup says of itself, in its table `meta`. */
const BackupMarkSchema = z.object({
  /** RFC 3339. */
  made_at: z.string(),
  /** Of the llamactl that made it. */
  version: z.string(),
  /** The data directory that it is of. */
  directory: z.string(),
  /** The configuration file of then; `null`: there was none. */
  configuration: z.object({ file: z.string(), text: z.string() }).nullable(),
});
export type BackupMark = z.infer<typeof BackupMarkSchema>;

/** That a database was put back and no server has had it since. */
const RestoredMarkSchema = z.object({
  /** What was put back, in words: `the backup x.db of 2026-…`. */
  what: z.string(),
  /** Whether what makes log-ins valid is that of the database that was replaced, revocations too. */
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

/** `null`: it is no backup, but a copy of a database. */
export function backupMark(database: DatabaseSync): BackupMark | null {
  return read(database, BACKUP, BackupMarkSchema);
}

/** `null`: it was not put back, or a server has had it since; or by hand, if there is a {@link backupMark}. */
export function restoredMark(database: DatabaseSync): RestoredMark | null {
  return read(database, RESTORED, RestoredMarkSchema);
}

/** Whether the first server that opens it ends all log-ins. */
export function endsLogIns(database: DatabaseSync): boolean {
  const restored = restoredMark(database);
  return restored === null ? backupMark(database) !== null : !restored.keeps_log_ins;
}

export function removeMarks(database: DatabaseSync): void {
  database.prepare('delete from meta where key in (?, ?)').run(BACKUP, RESTORED);
}

/**
 * A backup that is put into another data directory than it is of gets another identifier: by that of the first, the engines
 * of the two could be taken for each other's.
 *
 * @param from The data directory that it is of; `null`: nobody knows.
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
