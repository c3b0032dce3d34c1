import { randomUUID } from 'node:crypto';
import { readdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import type { Erasure, RunReference } from '../instances/ports.ts';
import { errorCode } from './proc-file.ts';

/** Removes the folders of finished runs; never one in which a run is under watch. */
export interface RunFolders {
  discard(folder: string): Promise<void>;
  sweep(parent: string, keep: ReadonlySet<string>): Promise<Erasure>;
  /** All but the newest go; a folder's name begins with the number of its run. */
  prune(parent: string, newest: number): Promise<void>;
}

/** Between a folder's name and what makes it another one while it is being erased. */
const ASIDE = '.erased-';

/** @param watched the runs of the moment */
export function createRunFolders(watched: () => readonly RunReference[]): RunFolders {
  const assertOver = (folder: string): void => {
    if (!watched().some((run) => isWithin(run.folder, folder))) return;
    throw new Error(`${folder} cannot be removed: a run in it is not over`);
  };

  return {
    discard: async (folder) => {
      assertOver(folder);
      await erase(await setAside(folder));
    },
    prune: async (parent, newest) => {
      const numbered = (await foldersIn(parent)).map((name) => ({ name, number: Number.parseInt(name, 10) }));
      const oldestLast = numbered.toSorted((one, other) => other.number - one.number);
      for (const { name } of oldestLast.slice(newest)) {
        assertOver(path.join(parent, name));
        await erase(path.join(parent, name));
      }
    },
    sweep: async (parent, keep) => {
      const folders = (await foldersIn(parent))
        .filter((name) => !keep.has(name))
        .map((name) => path.join(parent, name));
      for (const folder of folders) assertOver(folder);
      const aside: string[] = [];
      for (const folder of folders) aside.push(await setAside(folder));
      return { erased: eraseAll(aside) };
    },
  };
}

/**
 * Takes a folder out of the way, so that nothing is lost of one that is made in its place while it is being erased, which for
 * logs of many gigabytes takes long.
 *
 * @returns where it is now
 */
async function setAside(folder: string): Promise<string> {
  if (path.basename(folder).includes(ASIDE)) return folder;
  const aside = `${folder}${ASIDE}${randomUUID()}`;
  try {
    await rename(folder, aside);
    return aside;
  } catch {
    // It is not there, or has to be erased where it is: a full disk may have no room for a name. That then says what is wrong.
    return folder;
  }
}

/** One after the other: the disk has other work. What cannot be erased keeps none of the others. */
async function eraseAll(folders: readonly string[]): Promise<void> {
  const errors: unknown[] = [];
  for (const folder of folders) {
    try {
      await erase(folder);
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length > 0) throw new AggregateError(errors, `${errors.length} folders cannot be removed`);
}

function erase(folder: string): Promise<void> {
  return rm(folder, { recursive: true, force: true });
}

async function foldersIn(parent: string): Promise<string[]> {
  try {
    const entries = await readdir(parent, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return [];
    throw error;
  }
}

function isWithin(inner: string, outer: string): boolean {
  const relative = path.relative(outer, inner);
  return relative !== '..' && !relative.startsWith(`..${path.sep}`);
}
