import type { DatabaseSync } from 'node:sqlite';
import { dirname } from 'node:path';
import { backupMark, disownElsewhere, removeMarks, restoredMark } from './backup-mark.ts';
import { isOlderCopy, takenBelow } from './lasting-counters.ts';
import { doubtIdentity } from './data-directory-identity.ts';

/**
 * Completes a restore, by `restore` or by hand, when the first server opens the database.
 *
 * - Restored log-ins end, so that none revoked since the copy becomes valid again.
 * - Events get new numbers, greater than all given before, so that listeners get a gap and reload their state.
 * - Downloads are paused: a backup may be of another machine, or of a time before their files were done.
 * - The audit trail gets an entry.
 *
 * @param now Milliseconds since the epoch.
 * @returns a sentence for the log; `null`: the database was not restored
 */
export function settleRestored(database: DatabaseSync, file: string, now: number): string | null {
  const restored = restoredMark(database);
  const backup = backupMark(database);
  const isOlder = isOlderCopy(database, file);
  if (restored === null && backup === null && !isOlder) return null;
  const byHand = backup === null ? 'an older copy' : `a backup of ${backup.made_at}`;
  const what = restored?.what ?? `${byHand}, by hand`;
  // If the database was an older copy already before the restore, the restore has kept log-ins that should have ended.
  const keepsLogIns = restored !== null && restored.keeps_log_ins && !isOlder;
  database.exec('begin immediate');
  try {
    if (restored === null && backup !== null) disownElsewhere(database, backup.directory, dirname(file));
    if (!keepsLogIns) database.exec('delete from signing_keys');
    database.exec(PAUSE_DOWNLOADS);
    renumberEvents(database, Math.max(now * NUMBERS_A_MILLISECOND, takenBelow(file)));
    database
      .prepare(
        `insert into audit (timestamp, subject, address, action, target, status, request_id)
         values (?, 'command line', '', 'restore', ?, 200, '')`,
      )
      .run(new Date(now).toISOString(), what);
    removeMarks(database);
    doubtIdentity(database);
    database.exec('commit');
  } catch (error) {
    if (database.isTransaction) database.exec('rollback');
    throw error;
  }
  const access = keepsLogIns
    ? 'Accounts, keys and log-ins were kept.'
    : 'Everyone has to log in again. Accounts and keys are those of the backup, including ones that were removed since.';
  return `${file} was restored from ${what}. ${access} Engines that it does not know are ended.`;
}

/** Without an error: one that waits for room on a disk goes on by itself. */
const PAUSE_DOWNLOADS = `
  update downloads set record = json_set(record, '$.state', 'paused', '$.error', null)
  where json_extract(record, '$.state') in ('queued', 'running', 'paused')`;

/** Event numbers that the bus gives per millisecond. */
const NUMBERS_A_MILLISECOND = 1_000;

/** Gives all events new numbers, greater than the newest and than `least`, in the same order. */
function renumberEvents(database: DatabaseSync, least: number): void {
  const numbers = database
    .prepare('select seq from events order by seq')
    .all()
    .map(({ seq }) => Number(seq));
  const base = Math.max(least, (numbers.at(-1) ?? 0) + 1);
  const renumber = database.prepare('update events set seq = ? where seq = ?');
  for (const [index, number] of numbers.entries()) renumber.run(base + 1 + index, number);
}
