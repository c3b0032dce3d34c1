import { readdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { readRun } from './layout.ts';
import { finishCut, UNFINISHED } from './rotation.ts';

/**
 * Puts in order what a crash in the middle of a rotation left of a run that is still written to: unfinished files go, and
 * an archive behind which the file was cut gets the name that says so. What only takes room (a hole that was not made) is
 * left to the next rotation. Must come soon after the engine was woken: before it has written as much as was cut off.
 *
 * Not for a run that is over: after a power cut its file may be shorter than its archives say without having been cut.
 *
 * @returns whether something is in an archive and may still take room in the live file too
 */
export async function recoverRun(folder: string): Promise<{ isHoleDue: boolean }> {
  for (const name of await unfinishedIn(folder)) await rm(path.join(folder, name), { force: true });
  const { archives, liveFrom, shift, live } = await readRun(folder, 0, 0);
  const newest = archives.findLast(({ to }) => to === liveFrom);
  if (!newest || newest.cut) return { isHoleDue: false };
  const { size } = await stat(live);
  if (size >= liveFrom - shift) return { isHoleDue: true };
  await finishCut(newest.file);
  return { isHoleDue: false };
}

async function unfinishedIn(folder: string): Promise<string[]> {
  return (await readdir(folder)).filter((name) => name.endsWith(UNFINISHED));
}
