import { codeOf, reasonOf } from '@llamactl/contract/reason';
import { closeSync, constants, fdatasyncSync, openSync, readFileSync, writeSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import type { EventNumbers } from '../instances/ports/event-replay.ts';

/**
 * Two counters that never decrease, in a file beside the database. They keep their values when an older copy replaces the
 * database.
 *
 * A server overwrites the file in place, always with the same number of bytes. That needs no room on a full disk, except on
 * copy-on-write filesystems (btrfs, ZFS).
 */
interface Counters {
  /**
   * Starts and stops of servers, counted here and in the database: a smaller count in the database shows that it is an
   * older copy. Two cases go undetected: a copy from after the last start, if that server was killed; and an older copy
   * of the whole data directory.
   */
  uses: number;
  /**
   * All numbers below this one may belong to events. Servers take numbers in blocks. So no number is used twice, even if a
   * server dies before it stores an event that it sent, and the clock is set back.
   */
  takenBelow: number;
}

const KEY = 'uses';

/**
 * Event numbers in one block: one second's worth, at a thousand per millisecond. Few servers send so many events that
 * they have to take another block. After a restart within that second, the numbers are up to a second ahead of the
 * clock. That is harmless, because numbers only order events.
 */
const BLOCK = 1_000_000;

/** Digits of the greatest safe integer. */
const DIGITS = 16;

/** Whether the database is older than the one that a server last opened or closed in this directory. */
export function isOlderCopy(database: DatabaseSync, file: string): boolean {
  const uses = usesIn(database);
  try {
    return uses < read(file).uses;
  } catch (error) {
    const reason = reasonOf(error);
    throw new Error(
      `${pathOf(file)} cannot be read (${reason}), so it is unknown whether ${file} is an older copy. Make it readable; ` +
        'or remove it, if you did not restore a backup by hand.',
      { cause: error },
    );
  }
}

/** Counts a start or stop of a server. Writes the database first, so that it does not look older after a crash in between. */
export function countUse(database: DatabaseSync, file: string): void {
  const counters = read(file);
  const uses = Math.max(usesIn(database), counters.uses) + 1;
  database.prepare('insert or replace into meta (key, value) values (?, ?)').run(KEY, String(uses));
  write(file, { ...counters, uses });
}

/** Returns the number below which all numbers may belong to events; 0: unknown. */
export function takenBelow(file: string): number {
  return read(file).takenBelow;
}

/** Takes the next block of event numbers, from `least` on. @throws {Error} the block could not be stored, and is not taken */
export function takeNumbers(file: string, least: number): EventNumbers {
  const counters = read(file);
  const first = Math.max(least, counters.takenBelow);
  const end = first + BLOCK;
  write(file, { ...counters, takenBelow: end });
  return { first, end };
}

function usesIn(database: DatabaseSync): number {
  return Number(database.prepare('select value from meta where key = ?').get(KEY)?.['value'] ?? 0);
}

function pathOf(database: string): string {
  return `${database}.counters`;
}

/** Reads both counters; a missing one is 0. */
function read(database: string): Counters {
  try {
    const [uses = 0, below = 0] = readFileSync(pathOf(database), 'utf8').split(' ').map(Number);
    return { uses: naturalOr0(uses), takenBelow: naturalOr0(below) };
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return { uses: 0, takenBelow: 0 };
    throw error;
  }
}

function naturalOr0(number: number): number {
  return Number.isSafeInteger(number) && number > 0 ? number : 0;
}

function write(database: string, { uses, takenBelow: below }: Counters): void {
  const text = `${[uses, below].map((number) => String(number).padStart(DIGITS, '0')).join(' ')}\n`;
  const descriptor = openSync(pathOf(database), constants.O_RDWR | constants.O_CREAT, 0o600);
  try {
    writeSync(descriptor, text, 0);
    fdatasyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
