import { randomUUID } from 'node:crypto';
import { copyFileSync, linkSync, readdirSync, realpathSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import type { StoredInstance } from '../instances/ports.ts';
import { removeSigningKeys } from './backup.ts';
import { backupMark, disownElsewhere, endsLogIns, markRestored, removeMarks, type BackupMark } from './backup-mark.ts';
import { COMPANIONS, DATABASE } from './database.ts';
import { publish, syncFile, syncFolder } from './durable-file.ts';
import { problemsOf } from './integrity.ts';
import { migrate, newestSchema, schemaVersion } from './migrations.ts';
import { copyWhole, within } from './whole-copy.ts';

/** What is asked of a restore. */
export interface RestoreRequest {
  /** The data directory; it exists. */
  directory: string;
  /** Absolute; a backup, or a copy of a database. */
  file: string;
  /** Whether accounts and keys are put back, too, although those of now could be kept. */
  withAccounts: boolean;
  /** Milliseconds since the epoch. */
  now: number;
}

/** What a restore would make of a data directory. It is ready to be put in place, and nothing was changed yet. */
export interface PreparedRestore {
  /** What the backup says of itself; `null`: it is a copy of a database. */
  mark: BackupMark | null;
  /** Schema version of the backup. */
  schema: number;
  /** Why nothing of the present database can be kept; `null`: it is whole. */
  lost: string | null;
  /** Whether accounts and keys are those of the backup. */
  bringsAccounts: boolean;
  /** Identifier of the data directory afterwards; `null`: a new one is made. */
  dataDirId: string | null;
  /** Those of now; `null`: they cannot be read. */
  before: readonly StoredInstance[] | null;
  after: readonly StoredInstance[];
  /** Accounts and keys that are not there now and then are, by name; empty where those of now are not known. */
  revived: { accounts: readonly string[]; keys: readonly string[] };
  /**
   * Puts it in place. The caller holds the lock of the data directory.
   *
   * @returns where what was there is kept; `null`: there was nothing
   */
  apply(): string | null;
  /** Removes what was made ready. */
  discard(): void;
}

/** What a restore puts back. */
export const PUT_BACK: readonly string[] = ['instances'];
/** What it puts back only when asked, or when that of now cannot be read. A table stands behind those that it refers to. */
export const ACCESS: readonly string[] = ['users', 'keys'];

/**
 * Makes ready what puts a backup back. Of a present database that is whole everything stays but the instances: who may come
 * in, who was sent away, and what happened is no matter of settings. Of one that is not whole nothing stays.
 *
 * Throws when the backup cannot be used. Until `apply` nothing is changed.
 */
export function prepareRestore({ directory, file, withAccounts, now }: RestoreRequest): PreparedRestore {
  const database = join(directory, DATABASE);
  const source = draftIn(directory);
  const merged = draftIn(directory);
  const discard = (): void => removeAll([source, merged]);
  try {
    const { schema, mark } = takeBackup(file, source);
    const lost = takePresent(database, merged);
    const revived = lost === null ? revivedBy(source, merged) : NOBODY;
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

/** @returns the identifier of the data directory, if it keeps one; unless engines that have their runs in it show another */
export function finish(database: DatabaseSync, mark: { what: string; keepsLogIns: boolean }): string | null {
  if (!mark.keepsLogIns) removeSigningKeys(database);
  removeMarks(database);
  markRestored(database, { what: mark.what, keeps_log_ins: mark.keepsLogIns });
  const problems = problemsOf(database, 'full');
  if (problems.length > 0) throw new Error(`what would be put in place is not whole: ${problems.join('; ')}`);
  const row = database.prepare(`select value from meta where key = 'data_dir_id'`).get();
  return row === undefined ? null : String(row['value']);
}

const DRAFT = `${DATABASE}.draft-`;

export function draftIn(directory: string): string {
  return join(directory, DRAFT + randomUUID());
}

/** What a restore that was killed has left. The caller holds the lock of the data directory. */
export function sweepDrafts(directory: string): void {
  const left = readdirSync(directory).filter((name) => name.startsWith(DRAFT));
  for (const name of left) rmSync(join(directory, name), { force: true });
}

export function removeAll(drafts: readonly string[]): void {
  for (const draft of drafts)
    for (const suffix of ['', '-journal', ...COMPANIONS]) rmSync(draft + suffix, { force: true });
}

/** Copies the backup, looks whether it is whole, and brings the copy up to date. */
function takeBackup(file: string, draft: string): { schema: number; mark: BackupMark | null } {
  if (statSync(file, { throwIfNoEntry: false })?.isFile() !== true) throw new Error(`there is no file ${file}`);
  const problem = copyWhole(file, draft);
  if (problem !== null) throw new Error(`${file} cannot be put back: ${problem}`);
  return within(draft, (database) => {
    const schema = schemaVersion(database);
    migrate(database, newestSchema());
    return { schema, mark: backupMark(database) };
  });
}

/** @returns why there is nothing to keep; `null`: it was copied and brought up to date */
function takePresent(file: string, draft: string): string | null {
  if (statSync(file, { throwIfNoEntry: false }) === undefined) return `there is no ${file}`;
  const problem = copyWhole(file, draft);
  if (problem !== null) return problem;
  within(draft, (database) => migrate(database, newestSchema()));
  return null;
}

/** Replaces tables by those of another database of the same schema. */
function combine(database: DatabaseSync, source: string, tables: readonly string[]): void {
  database.prepare('attach ? as source').run(source);
  database.exec('begin immediate');
  for (const table of tables.toReversed()) database.exec(`delete from main."${table}"`);
  for (const table of tables) database.exec(`insert into main."${table}" select * from source."${table}"`);
  database.exec('commit; detach source');
}

/** The data directory that a database is of; `null`: it does not say. */
function originOf(file: string, mark: BackupMark | null, directory: string): string | null {
  if (mark !== null) return mark.directory;
  const here = realpathSync(directory);
  return realpathSync(dirname(file)) === here ? here : null;
}

const NOBODY = { accounts: [], keys: [] };

/** Who may come in by the one database and not by the other. */
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
 * Gives what is there a second name, so that what comes can take its first at once. Of a whole database the log is first
 * brought in; that of a damaged one is moved with it: beside another database it would spoil that.
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
    // A filesystem without second names: a copy does as well.
    copyFileSync(file, kept);
    syncFile(kept);
  }
  syncFolder(dirname(file));
  return kept;
}
