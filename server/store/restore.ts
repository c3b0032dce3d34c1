import { randomUUID } from 'node:crypto';
import { copyFileSync, linkSync, readdirSync, realpathSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import type { StoredInstance } from '../instances/ports/instance-store.ts';
import { removeSigningKeys } from './backup.ts';
import { backupMark, disownElsewhere, endsLogIns, markRestored, removeMarks, type BackupMark } from './backup-mark.ts';
import { COMPANIONS, DATABASE } from './database.ts';
import { publish, syncFile, syncFolder } from './durable-file.ts';
import { problemsOf } from './integrity.ts';
import { migrate, newestSchema, schemaVersion } from './migrations.ts';
import { copyWhole, within } from './whole-copy.ts';

/** The parameters of a restore. */
export interface RestoreRequest {
  /** The data directory; it exists. */
  directory: string;
  /** Absolute path of a backup or of a copy of a database. */
  file: string;
  /** Whether accounts and keys are restored too, although the present ones could be kept. */
  withAccounts: boolean;
  /** Milliseconds since the epoch. */
  now: number;
}

/** A restore that is prepared but not applied: it describes the result, and has changed nothing yet. */
export interface PreparedRestore {
  /** The backup's own description; `null`: the file is a plain copy of a database. */
  mark: BackupMark | null;
  /** Schema version of the backup. */
  schema: number;
  /** Why nothing of the present database can be kept; `null`: it is undamaged. */
  lost: string | null;
  /** Whether accounts and keys come from the backup. */
  bringsAccounts: boolean;
  /** Identifier of the data directory afterwards; `null`: a new one is made. */
  dataDirId: string | null;
  /** Present instances; `null`: they cannot be read. */
  before: readonly StoredInstance[] | null;
  after: readonly StoredInstance[];
  /** Names of accounts and keys that the restore brings back; empty if the present ones are unknown. */
  revived: { accounts: readonly string[]; keys: readonly string[] };
  /**
   * Puts the restored database in place. The caller holds the lock of the data directory.
   *
   * @returns path of the previous database, which is kept; `null`: there was no database
   */
  apply(): string | null;
  /** Removes the prepared files. */
  discard(): void;
}

/** Tables that a restore always restores. */
export const PUT_BACK: readonly string[] = ['instances'];
/**
 * Tables restored only on request, or if the present ones cannot be read. Each table comes after the tables it refers
 * to.
 */
export const ACCESS: readonly string[] = ['users', 'keys'];

/**
 * Prepares a restore. An undamaged present database keeps everything but its instances: accounts, revocations and the audit
 * trail are not settings. A damaged one is replaced completely.
 *
 * Throws when the backup cannot be used. Changes nothing until `apply`.
 */
export function prepareRestore({ directory, file, withAccounts, now }: RestoreRequest): PreparedRestore {
  const database = join(directory, DATABASE);
  const source = draftIn(directory);
  const merged = draftIn(directory);
  const discard = (): void => removeAll([source, merged]);
  try {
    const { schema, mark } = takeBackup(file, source);
    const lost = takePresent(database, merged);
    const revived = lost === null ? revivedBy(source, merged) : NO_REVIVALS;
    const before = lost === null ? instancesIn(merged) : null;
    const bringsAccounts = withAccounts || lost !== null;
    const what = mark === null ? file : `${file}, a backup of ${mark.made_at}`;
    const [draft, from] = lost === null ? [merged, null] : [source, originOf(file, mark, directory)];
    const dataDirId = within(draft, (open) => {
      if (lost === null) combine(open, source, bringsAccounts ? [...PUT_BACK, ...ACCESS] : PUT_BACK);
      else disownElsewhere(open, from, directory);
      return finish(open, { what, keepsLogIns: !bringsAccounts && !endsLogIns(open) });
    });
    const after = instancesIn(draft);
    const apply = (): string | null => {
      const kept = putAside(database, lost === null, now);
      publish(draft, database, true);
      discard();
      return kept;
    };
    return { mark, schema, lost, bringsAccounts, dataDirId, before, after, revived, apply, discard };
  } catch (error) {
    discard();
    throw error;
  }
}

/**
 * Marks a draft as restored, removes its signing keys if log-ins end, and checks it.
 *
 * @returns the identifier that the data directory keeps, if any; engines that have their runs in it may still show another
 */
export function finish(database: DatabaseSync, mark: { what: string; keepsLogIns: boolean }): string | null {
  if (!mark.keepsLogIns) removeSigningKeys(database);
  removeMarks(database);
  markRestored(database, { what: mark.what, keeps_log_ins: mark.keepsLogIns });
  const problems = problemsOf(database, 'full');
  if (problems.length > 0) throw new Error(`the restored database is damaged: ${problems.join('; ')}`);
  const row = database.prepare(`select value from meta where key = 'data_dir_id'`).get();
  return row === undefined ? null : String(row['value']);
}

const DRAFT = `${DATABASE}.draft-`;

export function draftIn(directory: string): string {
  return join(directory, DRAFT + randomUUID());
}

/** Removes the drafts of a restore that was killed. The caller holds the lock of the data directory. */
export function sweepDrafts(directory: string): void {
  const left = readdirSync(directory).filter((name) => name.startsWith(DRAFT));
  for (const name of left) rmSync(join(directory, name), { force: true });
}

export function removeAll(drafts: readonly string[]): void {
  for (const draft of drafts)
    for (const suffix of ['', '-journal', ...COMPANIONS]) rmSync(draft + suffix, { force: true });
}

/** Copies the backup, checks it, and brings the copy up to date. */
function takeBackup(file: string, draft: string): { schema: number; mark: BackupMark | null } {
  if (statSync(file, { throwIfNoEntry: false })?.isFile() !== true) throw new Error(`there is no file ${file}`);
  const problem = copyWhole(file, draft);
  if (problem !== null) throw new Error(`${file} cannot be restored: ${problem}`);
  return within(draft, (database) => {
    const schema = schemaVersion(database);
    migrate(database, newestSchema());
    return { schema, mark: backupMark(database) };
  });
}

/** Copies the present database and brings the copy up to date. @returns why nothing can be kept; `null`: it was copied */
function takePresent(file: string, draft: string): string | null {
  if (statSync(file, { throwIfNoEntry: false }) === undefined) return `there is no ${file}`;
  const problem = copyWhole(file, draft);
  if (problem !== null) return problem;
  within(draft, (database) => migrate(database, newestSchema()));
  return null;
}

/** Replaces tables with the tables of another database of the same schema. */
function combine(database: DatabaseSync, source: string, tables: readonly string[]): void {
  database.prepare('attach ? as source').run(source);
  database.exec('begin immediate');
  for (const table of tables.toReversed()) database.exec(`delete from main."${table}"`);
  for (const table of tables) database.exec(`insert into main."${table}" select * from source."${table}"`);
  database.exec('commit; detach source');
}

/** Returns the data directory that a database comes from; `null`: unknown. */
function originOf(file: string, mark: BackupMark | null, directory: string): string | null {
  if (mark !== null) return mark.directory;
  const here = realpathSync(directory);
  return realpathSync(dirname(file)) === here ? here : null;
}

const NO_REVIVALS = { accounts: [], keys: [] };

/** Names the accounts and keys that are valid in the backup and not in the present database. */
function revivedBy(source: string, present: string): PreparedRestore['revived'] {
  return within(present, (database) => {
    database.prepare('attach ? as source').run(source);
    const names = (sql: string): string[] =>
      database
        .prepare(sql)
        .all()
        .map(({ name }) => String(name));
    return {
      accounts: names(
        `select username as name from source.users s where not exists
           (select 1 from main.users m where m.id = s.id and m.disabled <= s.disabled and m.token_generation = s.token_generation)
         order by position`,
      ),
      keys: names(
        `select name from source.keys s where not exists (select 1 from main.keys m where m.id = s.id) order by position`,
      ),
    };
  });
}

export function instancesIn(file: string): StoredInstance[] {
  return within(file, (database) =>
    database
      .prepare('select record, state from instances order by position')
      .all()
      .map(({ record, state }) => ({
        record: JSON.parse(String(record)) as StoredInstance['record'],
        state: JSON.parse(String(state)) as StoredInstance['state'],
      })),
  );
}

/**
 * Gives the present database a second name, so that the new one can take its name atomically. The write-ahead log of an
 * undamaged database is first merged into it. The log of a damaged database moves with it, because that log would
 * damage the new database.
 */
export function putAside(file: string, isWhole: boolean, now: number): string | null {
  if (isWhole) within(file, (database) => database.exec('pragma wal_checkpoint(truncate)'));
  const kept = `${file}.before-restore-${new Date(now).toISOString().replaceAll(/[-:.]/g, '')}`;
  for (const suffix of COMPANIONS) {
    if (statSync(file + suffix, { throwIfNoEntry: false }) !== undefined) renameSync(file + suffix, kept + suffix);
  }
  if (statSync(file, { throwIfNoEntry: false }) === undefined) return null;
  try {
    linkSync(file, kept);
  } catch {
    // On a filesystem without hard links, copy.
    copyFileSync(file, kept);
    syncFile(kept);
  }
  syncFolder(dirname(file));
  return kept;
}
