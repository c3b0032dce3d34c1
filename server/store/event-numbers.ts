import { closeSync, fdatasyncSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import type { EventNumbers } from '../instances/ports.ts';
import { hasCode, publish } from './durable-file.ts';

/**
 * Below which number all may have been given to events, in a file beside the database: servers take blocks of them ahead, so
 * that none is given twice although a server may die before it could store what it told, and the clock be set back.
 *
 * It is overwritten where it is, always with as many bytes: that needs no room on a full disk, but on those that write every
 * change elsewhere (btrfs, ZFS).
 */

/**
 * As many as the clock brings in a second, at a thousand a millisecond: few servers tell so much that they have to wait for the
 * disk again. One that is started again within that second begins up to a second ahead of the clock, which harms nothing:
 * numbers say only what comes after what.
 */
const BLOCK = 1_000_000;
/** As many as the greatest safe integer has. */
const DIGITS = 16;

/** Below which number all may have been given; 0: it is not known. */
export function takenBelow(database: string): number {
  try {
    const number = Number(readFileSync(placeOf(database), 'utf8').trim());
    return Number.isSafeInteger(number) && number > 0 ? number : 0;
  } catch (error) {
    if (hasCode(error, ['ENOENT'])) return 0;
    throw error;
  }
}

/** Takes the next numbers from `least` on. @throws {Error} that could not be written; then they are not taken */
export function takeNumbers(database: string, least: number): EventNumbers {
  const first = Math.max(least, takenBelow(database));
  const end = first + BLOCK;
  write(placeOf(database), `${String(end).padStart(DIGITS, '0')}\n`);
  return { first, end };
}

function placeOf(database: string): string {
  return `${database}.numbers`;
}

function write(file: string, text: string): void {
  let descriptor: number;
  try {
    descriptor = openSync(file, 'r+');
  } catch (error) {
    if (hasCode(error, ['ENOENT'])) return make(file, text);
    throw error;
  }
  try {
    writeSync(descriptor, text, 0);
    fdatasyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function make(file: string, text: string): void {
  const draft = `${file}.draft`;
  try {
    writeFileSync(draft, text, { mode: 0o600 });
    publish(draft, file, true);
  } finally {
    rmSync(draft, { force: true });
  }
}
