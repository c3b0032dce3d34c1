import { readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import type { RunReference } from '../instances/ports.ts';
import { errorCode } from './proc-file.ts';

/** Removes the folders of finished runs; never one in which a run is under watch. */
export interface RunFolders {
  discard(folder: string): Promise<void>;
  sweep(parent: string, keep: ReadonlySet<string>): Promise<void>;
  /** All but the newest go; a folder's name begins with the number of its run. */
  prune(parent: string, newest: number): Promise<void>;
}

/** @param watched the runs of the moment */
export function createRunFolders(watched: () => readonly RunReference[]): RunFolders {
  const discard = async (folder: string): Promise<void> => {
    if (watched().some((run) => isWithin(run.folder, folder))) {
      throw new Error(`${folder} cannot be removed: a run in it is not over`);
    }
    await rm(folder, { recursive: true, force: true });
  };

  return {
    discard,
    prune: async (parent, newest) => {
      const numbered = (await foldersIn(parent)).map((name) => ({ name, number: Number.parseInt(name, 10) }));
      const oldestLast = numbered.toSorted((one, other) => other.number - one.number);
      for (const { name } of oldestLast.slice(newest)) await discard(path.join(parent, name));
    },
    sweep: async (parent, keep) => {
      for (const folder of await foldersIn(parent)) {
        if (!keep.has(folder)) await discard(path.join(parent, folder));
      }
    },
  };
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
