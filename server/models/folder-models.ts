import type { SlicedWork } from '../sliced-work.ts';
import { filesOfFolder } from './found-files.ts';
import { modelsOf } from './found-models.ts';
import type { LibraryModel } from './model-groups.ts';

/** Most model files of a folder whose headers are read: some milliseconds each. */
const MOST_FILES = 64;

/**
 * The models of a folder that the library does not have, by its rules. None if the folder has no projector by its name, has too
 * many files, or cannot be read.
 */
export async function modelsInFolder(folder: string, work: SlicedWork): Promise<LibraryModel[]> {
  const files = await filesOfFolder(folder, MOST_FILES);
  return files.some(({ relative }) => /mmproj/i.test(relative)) ? modelsOf(files, work) : [];
}
