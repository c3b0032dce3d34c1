import { closeSync, constants, fdatasyncSync, openSync, readFileSync, writeSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import type { EventNumbers } from '../instances/ports.ts';
import { hasCode } from './durable-file.ts';

/**
 * Two numbers that never go back, in a file beside the database. An older copy of the database, put in its place, does not
 * bring back older ones.
 *
 * A server overwrites the file in place, always with as many bytes. That needs no room on a full disk, except where the
 * filesystem writes every change elsewhere (btrfs, ZFS).
 */
interface Counters {
  /**
   * Starts and stops of servers, counted here and in the database: the smaller count shows an older copy. Two cases stay
   * unseen: a copy from after the last start, if that server was killed, and an older copy of the whole data directory.
   */
  uses: number;
  /**
   * All numbers below may belong to events. Servers take them in blocks, so that no number comes twice after a server died
   * before it could store an event that it had sent, and somebody set the clock back.
   */
  takenBelow: number;
}

const KEY = 'uses';

/**
 * As many event numbers as the clock brings in a second, at a thousand a millisecond: few servers send so many events that
 * they wait for the disk again. After a restart within that second the numbers are up to a second ahead of the clock, which is
 * harmless: they only order events.
 */
const BLOCK = 1_000_000;

/** The greatest safe integer has as many. */
const DIGITS = 16;

/** Whether a database is older than the one that a server last opened or closed here. */
export function isOlderCopy(database: DatabaseSync, file: string): boolean {
  const uses = usesIn(database);
  try {
    return uses < read(file).uses;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(
      `${pathOf(file)} cannot be read (${reason}), so it is unknown whether ${file} is an older copy. Make it readable; ` +
        'or remove it, if you did not put a backup back by hand.',
      { cause: error },
    );
  }
}

/** Counts a start or stop of a server: in the database first, so that it does not look older after a crash in between. */
export function countUse(database: DatabaseSync, file: string): void {
  const counters = read(file);
  const uses = Math.max(usesIn(database), counters.uses) + 1;
  database.prepare('insert or replace into meta (key, value) values (?, ?)').run(KEY, String(uses));
  write(file, { ...counters, uses });
}

/** The number below which all may belong to events; 0: unknown. */
export function takenBelow(file: string): number {
  return read(file).takenBelow;
}

/** Takes the next event numbers from `least` on. @throws {Error} they could not be stored, and are not taken */
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

/** 0 for what the file does not say. */
function read(database: string): Counters {
  try {
    const [uses = 0, below = 0] = readFileSync(pathOf(database), 'utf8').split(' ').map(Number);
    return { uses: naturalOr0(uses), takenBelow: naturalOr0(below) };
  } catch (error) {
    if (hasCode(error, ['ENOENT'])) return { uses: 0, takenBelow: 0 };
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
