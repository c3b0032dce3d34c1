import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { hasCode, publish } from './durable-file.ts';

/**
 * A number that grows with every begin and end of a server, in the database and in a file beside it: so a database that
 * somebody has put in the place of a newer one is known as such. What cannot be known is a copy that was made since the
 * last server began, if that one was killed; or that the whole data directory was put back.
 */

const KEY = 'lives';

/** Whether the database is older than what was in its place when a server last began or ended. */
export function isOlderThanItsPlace(database: DatabaseSync, file: string): boolean {
  return livesIn(database) < livesBeside(file);
}

/** Counts one more, in the database first: a crash in between must not make it look old. */
export function countLife(database: DatabaseSync, file: string): void {
  const lives = Math.max(livesIn(database), livesBeside(file)) + 1;
  database.prepare('insert or replace into meta (key, value) values (?, ?)').run(KEY, String(lives));
  const draft = `${placeOf(file)}.draft`;
  try {
    writeFileSync(draft, `${lives}\n`, { mode: 0o600 });
    publish(draft, placeOf(file), true);
  } finally {
    rmSync(draft, { force: true });
  }
}

function placeOf(file: string): string {
  return `${file}.lives`;
}

function livesIn(database: DatabaseSync): number {
  return Number(database.prepare('select value from meta where key = ?').get(KEY)?.['value'] ?? 0);
}

/** 0 where it does not say. */
function livesBeside(file: string): number {
  try {
    const lives = Number.parseInt(readFileSync(placeOf(file), 'utf8'), 10);
    return Number.isSafeInteger(lives) ? lives : 0;
  } catch (error) {
    if (hasCode(error, ['ENOENT'])) return 0;
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(
      `${placeOf(file)} cannot be read (${reason}), so it is not known whether ${file} is an older copy. Make it readable; ` +
        'or remove it, if no backup was put back by hand.',
      { cause: error },
    );
  }
}
