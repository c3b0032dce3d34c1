import path from 'node:path';
import type { SlicedWork } from '../sliced-work.ts';
import { readEach } from './facts-reader.ts';
import { filesOfFolder } from './found-files.ts';
import { groupModels, type KnownFile, type LibraryModel } from './model-groups.ts';

/** Most model files of a folder whose headers are read: some milliseconds each. */
const MOST_FILES = 64;

/**
 * The model with a file, by the rules of the library, in a folder that the library does not have. `null`: the folder has no
 * projector by its name, too many files, or cannot be read; the file is no model.
 */
export async function modelInFolder(file: string, work: SlicedWork): Promise<LibraryModel | null> {
  if (!/\.gguf$/i.test(file)) return null;
  const files = await filesOfFolder(path.dirname(file), MOST_FILES);
  if (!files.some(({ relative }) => /mmproj/i.test(relative))) return null;
  const facts = await readEach(files);
  const known = files.flatMap((each, index): KnownFile[] => {
    const own = facts[index];
    return own === undefined ? [] : [{ ...each, ...own }];
  });
  const models = await work.run(groupModels(known), null);
  return models.find((model) => model.path === file) ?? null;
}
