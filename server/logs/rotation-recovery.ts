import { readdir, readFile, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { RUN_WOKEN } from '../instances/ports/run-output.ts';
import { unlessMissing } from './file-error.ts';
import { readRun } from './layout.ts';
import { finishCut, UNFINISHED } from './rotation.ts';

/**
 * Recovers the files of a run that still writes, after a crash during a rotation. Deletes unfinished files. If the live
 * file was cut, completes the rotation by renaming its archive. If the live file was not cut, leaves that to the next
 * rotation.
 *
 * The live file's size when the engine was woken shows whether the file was cut. The waker recorded that size. Without
 * the record, the present size is used: the engine was woken a moment ago.
 *
 * Do not use it for a run that is over. After a power failure the run's file may be shorter than its archives imply,
 * without a cut.
 *
 * @returns whether bytes of an archive are still in the live file too
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

/** The size that the waker recorded; `null`: the waker was not needed, or could not write. */
async function sizeWhenWoken(folder: string): Promise<number | null> {
  const text = await unlessMissing(readFile(path.join(folder, RUN_WOKEN), 'latin1'));
  // some `wc` pad with blanks; without a line feed the number may be incomplete
  return text !== null && /^ *\d+\n$/.test(text) ? Number.parseInt(text, 10) : null;
}

async function unfinishedIn(folder: string): Promise<string[]> {
  return (await readdir(folder)).filter((name) => name.endsWith(UNFINISHED));
}
