import { closeSync, fstatSync, openSync, readFileSync, renameSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { isOutOfRoom } from './disk-room.ts';

/** `server.json`: describes the holder of the lock, for people and the command line. Only the lock itself is proof. */
const ServerDescriptionSchema = z.object({
  pid: z.int(),
  url: z.string().nullable(),
  version: z.string(),
  started_at: z.string(),
  /** The newest reload; `null`: no reload yet. Left out by versions without reloads. */
  reload: z
    .object({
      /** Grows with each attempt. */
      number: z.int(),
      /** An unknown state of a newer version counts as under way. */
      state: z.enum(['under_way', 'done', 'failed']).catch('under_way'),
      /** Why the reload failed. */
      reason: z.string().nullable(),
      /** The process that served before the attempt, and its version. */
      from: z.object({ pid: z.int(), version: z.string() }),
    })
    .nullish(),
});
export type ServerDescription = z.infer<typeof ServerDescriptionSchema>;
export type ReloadNote = NonNullable<ServerDescription['reload']>;

const DESCRIPTION_FILE = 'server.json';

/**
 * Writes `server.json` atomically. If this fails, an existing file that describes this server stays. Any other is
 * removed, since it may describe a server that was killed.
 *
 * @returns why it was not written; `null`: it was written
 */
export function writeDescription(directory: string, holder: ServerDescription): Error | null {
  const file = join(directory, DESCRIPTION_FILE);
  const next = `${file}.new`;
  const text = `${JSON.stringify(holder, null, 2)}\n`;
  try {
    writeFileSync(next, text, { mode: 0o600 });
    renameSync(next, file);
    return null;
  } catch (error) {
    removeIfPossible(next);
    if (!describes(readDescription(directory), holder)) removeIfPossible(file);
    else if (isOutOfRoom(error) && overwrite(file, text)) return null;
    return error instanceof Error ? error : new Error(String(error));
  }
}

/** The smallest unit in which file systems give room to a file. */
const BLOCK_BYTES = 4_096;

/**
 * Overwrites a file in place, because a full disk has no room for a second file. Without this, `llamactl reload` would
 * wait for a reason that the server could not write. Makes one write of at most a block, so a reader gets the old or
 * the new text.
 *
 * @returns whether it was written
 */
function overwrite(file: string, text: string): boolean {
  let descriptor: number | null = null;
  try {
    descriptor = openSync(file, 'r+');
    // Spaces cover the rest of a longer old text. Truncating the file first would give back its room.
    const bytes = Buffer.from(text.padEnd(fstatSync(descriptor).size));
    return bytes.length <= BLOCK_BYTES && writeSync(descriptor, bytes, 0, bytes.length, 0) === bytes.length;
  } catch {
    // The caller reports why the first way failed.
    return false;
  } finally {
    if (descriptor !== null) closeSync(descriptor);
  }
}

/** Whether the file describes this server. The pid alone is not enough: in a container every server may have the same pid. */
export function describes(there: ServerDescription | null, holder: ServerDescription): boolean {
  return there?.pid === holder.pid && there.started_at === holder.started_at;
}

/** Removes `server.json`. Never throws. */
export function removeDescription(directory: string): void {
  removeIfPossible(join(directory, DESCRIPTION_FILE));
}

/** Removes a file if the disk allows. A file that stays misleads only about the holder's name, not about the lock itself. */
function removeIfPossible(file: string): void {
  try {
    rmSync(file, { force: true });
  } catch {
    // The disk is broken; the next write reports that.
  }
}

/** Reads `server.json`; `null`: not written yet, or unreadable. */
export function readDescription(directory: string): ServerDescription | null {
  try {
    return ServerDescriptionSchema.parse(JSON.parse(readFileSync(join(directory, DESCRIPTION_FILE), 'utf8')));
  } catch {
    return null;
  }
}
