import { readdir, readFile, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { RUN_WOKEN } from '../instances/ports.ts';
import { unlessMissing } from './file-error.ts';
import { readRun } from './layout.ts';
import { finishCut, UNFINISHED } from './rotation.ts';

/**
 * Puts in order what a crash in the middle of a rotation left of a run that is still written to: unfinished files go, and
 * an archive behind which the file was cut gets the name that says so. A file that was not cut yet is left to the next
 * rotation.
 *
 * Whether the file was cut is told by its size when the engine was woken: the waker wrote it down. Without that, by its
 * size now: the engine was woken a moment ago.
 *
 * Not for a run that is over: after a power cut its file may be shorter than its archives say without having been cut.
 *
 * @returns whether something is in an archive and still in the live file too
 */
export async function recoverRun(folder: string): Promise<{ isCutDue: boolean }> {
  for (const name of await unfinishedIn(folder)) await rm(path.join(folder, name), { force: true });
  const { archives, liveFrom, shift, live } = await readRun(folder, 0, 0);
  const newest = archives.findLast(({ to }) => to === liveFrom);
  const isUnclear = newest !== undefined && !newest.cut;
  const size = isUnclear ? ((await sizeWhenWoken(folder)) ?? (await stat(live)).size) : 0;
  const isCut = isUnclear && size < liveFrom - shift;
  if (isCut) await finishCut(newest.file);
  await rm(path.join(folder, RUN_WOKEN), { force: true });
  return { isCutDue: isUnclear && !isCut };
}

/** `null`: the waker was not needed, or could not write. */
async function sizeWhenWoken(folder: string): Promise<number | null> {
  const text = await unlessMissing(readFile(path.join(folder, RUN_WOKEN), 'latin1'));
  // some `wc` pad with blanks; without its line feed the number may be a part of one
  return text !== null && /^ *\d+\n$/.test(text) ? Number.parseInt(text, 10) : null;
}

async function unfinishedIn(folder: string): Promise<string[]> {
  return (await readdir(folder)).filter((name) => name.endsWith(UNFINISHED));
}
