import type { DatabaseSync } from 'node:sqlite';
import { dirname } from 'node:path';
import { backupMark, disownElsewhere, removeMarks, restoredMark } from './backup-mark.ts';
import { isOlderCopy, takenBelow } from './counters.ts';
import { doubtIdentity } from './data-directory-identity.ts';

/**
 * What the first server does with a database that was put back, by `restore` or by hand: log-ins of then end, so that none
 * that was revoked since comes back to life; events get new numbers, greater than any that were given since, so that
 * listeners are told of a gap and look anew; and the audit trail tells of it.
 *
 * @param now Milliseconds since the epoch.
 * @returns a sentence for the log; `null`: it was not put back
 */
export function settleRestored(database: DatabaseSync, file: string, now: number): string | null {
  const restored = restoredMark(database);
  const backup = backupMark(database);
  const isOlder = isOlderCopy(database, file);
  if (restored === null && backup === null && !isOlder) return null;
  const byHand = backup === null ? 'an older copy' : `a backup of ${backup.made_at}`;
  const what = restored?.what ?? `${byHand}, by hand`;
  // A restore beside a database that was older already has kept what that should have lost.
  const keepsLogIns = restored !== null && restored.keeps_log_ins && !isOlder;
  database.exec('begin immediate');
  try {
    if (restored === null && backup !== null) disownElsewhere(database, backup.directory, dirname(file));
    if (!keepsLogIns) database.exec('delete from signing_keys');
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
    ? 'Accounts, keys and log-ins are those of before.'
    : 'Everybody has to log in again; accounts and keys are those of then, also what was removed since.';
  return `${file} was put back from ${what}. ${access} Engines that it does not know are ended.`;
}

/** Numbers that an event of one millisecond can have, as the bus gives them. */
const NUMBERS_A_MILLISECOND = 1_000;

/** Behind the newest, and from `least` on, in the same order. */
function renumberEvents(database: DatabaseSync, least: number): void {
  const numbers = database
    .prepare('select seq from events order by seq')
    .all()
    .map(({ seq }) => Number(seq));
  const base = Math.max(least, (numbers.at(-1) ?? 0) + 1);
  const renumber = database.prepare('update events set seq = ? where seq = ?');
  for (const [index, number] of numbers.entries()) renumber.run(base + 1 + index, number);
}
