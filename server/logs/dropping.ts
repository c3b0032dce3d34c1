import { open, rename, rm, truncate } from 'node:fs/promises';
import path from 'node:path';
import { isDiskFull } from './file-error.ts';
import { archiveName } from './layout.ts';
import { UNFINISHED } from './rotation.ts';
import type { Drop } from './total-bound.ts';

/** Drops an archive or a log. Readers that have the file open can still read it to its end. */
export async function drop(one: Drop): Promise<void> {
  if (one.what === 'log') return dropLog(one);
  if (one.keepsName) await empty(one.archive.file);
  else await rm(one.archive.file, { force: true });
}

async function dropLog({ run }: Extract<Drop, { what: 'log' }>): Promise<void> {
  const name = archiveName({ from: run.liveFrom, to: run.end, cut: false });
  await unlessFull(makeEmpty(path.join(run.folder, name)));
  await rm(run.live, { force: true });
}

/**
 * Replaces the file by an empty one: a reader would take a truncated file for one that ends there. Truncates it only if
 * the disk is full.
 */
async function empty(file: string): Promise<void> {
  const successor = `${file}${UNFINISHED}`;
  const isMade = await unlessFull(makeEmpty(successor));
  if (isMade) await rename(successor, file);
  else await truncate(file, 0);
}

async function makeEmpty(file: string): Promise<void> {
  await (await open(file, 'w', 0o600)).close();
}

/** Resolves with false when the disk is full: the disk may not even have room for a new name. */
async function unlessFull(making: Promise<void>): Promise<boolean> {
  try {
    await making;
    return true;
  } catch (error) {
    if (isDiskFull(error)) return false;
    throw error;
  }
}
