import { codeOf } from '@llamactl/contract/reason';
import { randomUUID } from 'node:crypto';
import { readdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import type { RunFolders } from '../instances/ports/folders.ts';
import type { RunReference } from '../instances/ports/runs.ts';

/** Marks the name of a folder while it is being erased; a random part follows. */
const ASIDE = '.erased-';

/** @param watched returns the runs that are watched now */
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
 * Renames a folder before it is erased. Erasing many gigabytes of logs takes long, and a new folder of the same name may be
 * created meanwhile.
 *
 * @returns the folder's new path
 */
async function setAside(folder: string): Promise<string> {
  if (path.basename(folder).includes(ASIDE)) return folder;
  const aside = `${folder}${ASIDE}${randomUUID()}`;
  try {
    await rename(folder, aside);
    return aside;
  } catch {
    // The folder is missing, or must be erased in place: a full disk may have no room for a new name. Erasing reports any error.
    return folder;
  }
}

/** Erases folders one after the other, to spare the disk. A folder that cannot be erased does not stop the others. */
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
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  }
}

function isWithin(inner: string, outer: string): boolean {
  const relative = path.relative(outer, inner);
  return relative !== '..' && !relative.startsWith(`..${path.sep}`);
}
