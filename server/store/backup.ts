import { randomUUID } from 'node:crypto';
import { realpathSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { markBackup, removeMarks, type BackupMark } from './backup-mark.ts';
import { DATABASE, notNow } from './database.ts';
import { publish } from './durable-file.ts';
import { problemsOf } from './integrity.ts';
import { schemaVersion } from './migrations.ts';
import { isOutOfRoom } from './room.ts';
import { copyWhole, within } from './whole-copy.ts';

/** What is asked of a backup. */
export interface BackupRequest {
  /** The data directory. */
  directory: string;
  /** Absolute; the backup. */
  file: string;
  /** Whether there may be a file of that name, which is then gone. */
  mayReplace: boolean;
  /** Milliseconds since the epoch. */
  now: number;
  version: string;
  configuration: BackupMark['configuration'];
}

/** A backup that was made. */
export interface BackupMade {
  bytes: number;
  /** RFC 3339. */
  madeAt: string;
  schema: number;
  /** Rows of each table, by its name. */
  rows: ReadonlyMap<string, number>;
}

/**
 * Writes a backup of a data directory's database: one file, a database itself, which only its owner can read. It may be
 * made while a server uses the data directory, and is what the database was at one moment. What signs tokens is not
 * in it, so that nobody can make one by it, and no log-in comes back to life. It was looked at before it got its name.
 *
 * Throws, and leaves nothing, when the database cannot be read whole, or the backup cannot be written.
 */
export function makeBackup(request: BackupRequest): BackupMade {
  const { directory, file, mayReplace } = request;
  const source = join(directory, DATABASE);
  if (statSync(source, { throwIfNoEntry: false }) === undefined) {
    throw new Error(`there is no ${source}: no server has used this data directory yet`);
  }
  refuseOwnFiles(directory, file);
  if (!mayReplace && statSync(file, { throwIfNoEntry: false }) !== undefined) throw isThere(file);
  const draft = `${file}.${randomUUID()}`;
  try {
    const problem = copyWhole(source, draft);
    if (problem !== null) throw unusable(source, problem);
    const made = complete(draft, request);
    if (!publish(draft, file, mayReplace)) throw isThere(file);
    return { ...made, bytes: statSync(file).size };
  } catch (error) {
    if (!isOutOfRoom(error)) throw notNow(source, error) ?? error;
    throw new Error(`${file} cannot be written: the disk is full; nothing was left there`, { cause: error });
  } finally {
    for (const suffix of ['', '-journal', '-wal', '-shm']) rmSync(draft + suffix, { force: true });
  }
}

function complete(draft: string, { directory, now, version, configuration }: BackupRequest): Omit<BackupMade, 'bytes'> {
  const madeAt = new Date(now).toISOString();
  return within(draft, (database) => {
    removeSigningKeys(database);
    removeMarks(database);
    markBackup(database, { made_at: madeAt, version, directory: realpathSync(directory), configuration });
    const problems = problemsOf(database, 'full');
    if (problems.length > 0) throw new Error(`the copy is not whole (${problems.join('; ')}); nothing was left`);
    return { madeAt, schema: schemaVersion(database), rows: rowsOf(database) };
  });
}

/** Also from the pages of the file that it frees. */
export function removeSigningKeys(database: DatabaseSync): void {
  if (!tablesOf(database).includes('signing_keys')) return;
  database.exec('pragma secure_delete = on; delete from signing_keys; pragma secure_delete = off');
}

export function tablesOf(database: DatabaseSync): string[] {
  const rows = database
    .prepare(`select name from sqlite_schema where type = 'table' and name not like 'sqlite_%' order by name`)
    .all();
  return rows.map(({ name }) => String(name));
}

function rowsOf(database: DatabaseSync): Map<string, number> {
  const count = (table: string): number =>
    Number(database.prepare(`select count(*) as count from "${table}"`).get()?.['count'] ?? 0);
  return new Map(tablesOf(database).map((table) => [table, count(table)]));
}

/** What a data directory has of its own must not be replaced, whatever was asked for. */
function refuseOwnFiles(directory: string, file: string): void {
  const folder = dirname(file);
  if (statSync(folder, { throwIfNoEntry: false }) === undefined) throw new Error(`there is no folder ${folder}`);
  if (realpathSync(folder) !== realpathSync(directory) || !OWN.test(basename(file))) return;
  throw new Error(`${file} is what the server itself keeps; give the backup another name`);
}

const OWN = /^(?:llamactl\.db(?:-wal|-shm|\.counters)?|server\..*)$/;

function unusable(source: string, problem: string): Error {
  return new Error(
    `${source} cannot be backed up: ${problem}. Another backup is put back by llamactl restore; ` +
      'without one, llamactl restore --salvage saves what can still be read.',
  );
}

function isThere(file: string): Error {
  return new Error(`${file} is there already; --force replaces it`);
}
