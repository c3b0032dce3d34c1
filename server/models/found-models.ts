import type { SlicedWork } from '../sliced-work.ts';
import { readEach } from './facts-reader.ts';
import { type FoundFile, searchModels } from './found-files.ts';
import { groupModels, type KnownFile, type LibraryModel } from './model-groups.ts';
import type { ModelPlace } from './model-places.ts';

/** Scans places once, for programs without a server. Takes a millisecond or so for each file. */
export async function foundModels(places: readonly ModelPlace[], work: SlicedWork): Promise<LibraryModel[]> {
  const { files } = await searchModels(places, new AbortController().signal);
  return modelsOf(files, work);
}

/** Reads the headers of files, and makes models of them. */
export async function modelsOf(files: readonly FoundFile[], work: SlicedWork): Promise<LibraryModel[]> {
  const facts = await readEach(files);
  const known = files.flatMap((file, index): KnownFile[] => {
    const own = facts[index];
    return own === undefined ? [] : [{ ...file, ...own }];
  });
  return work.run(groupModels(known), null);
}
