import { randomUUID } from 'node:crypto';
import { realpathSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { markBackup, removeMarks, type BackupMark } from './backup-mark.ts';
import { DATABASE, notNow } from './database.ts';
import { publish } from './durable-file.ts';
import { problemsOf } from './integrity.ts';
import { schemaVersion } from './migrations.ts';
import { isOutOfRoom } from './disk-room.ts';
import { copyWhole, within } from './whole-copy.ts';

/** The parameters of a backup. */
export interface BackupRequest {
  /** The data directory. */
  directory: string;
  /** Absolute path of the backup to write. */
  file: string;
  /** Whether an existing file of that name is replaced. */
  mayReplace: boolean;
  /** Milliseconds since the epoch. */
  now: number;
  version: string;
  configuration: BackupMark['configuration'];
}

/** The result of a backup. */
export interface BackupMade {
  bytes: number;
  /** RFC 3339. */
  madeAt: string;
  schema: number;
  /** Row count by table name. */
  rows: ReadonlyMap<string, number>;
}

/**
 * Writes a backup of a data directory's database: one database file, readable only by its owner.
 *
 * The backup is a snapshot of one moment; a server may use the data directory meanwhile. It has no signing keys, so it cannot
 * be used to forge tokens, and restoring it revives no log-in. It is checked before it gets its name.
 *
 * Throws, and leaves no file, when the database cannot be read completely or the backup cannot be written.
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

/** Removes the signing keys, and overwrites the freed pages that held them. */
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

/** Throws if the backup would replace a file that the server itself keeps in its data directory, even with `mayReplace`. */
function refuseOwnFiles(directory: string, file: string): void {
  const folder = dirname(file);
  if (statSync(folder, { throwIfNoEntry: false }) === undefined) throw new Error(`there is no folder ${folder}`);
  if (realpathSync(folder) !== realpathSync(directory) || !OWN.test(basename(file))) return;
  throw new Error(`${file} is a file of the server itself; give the backup another name`);
}

const OWN = /^(?:llamactl\.db(?:-wal|-shm|\.counters)?|server\..*)$/;

function unusable(source: string, problem: string): Error {
  return new Error(
    `${source} cannot be backed up: ${problem}. llamactl restore <backup> restores an earlier backup; ` +
      'without one, llamactl restore --salvage saves what can still be read.',
  );
}

function isThere(file: string): Error {
  return new Error(`${file} exists already; --force replaces it`);
}
