import { isDeepStrictEqual } from 'node:util';
import type { ModelInfo } from '@llamactl/contract/instance';
import { publicNames } from '@llamactl/contract/model-names';
import type { Sliced } from '../sliced-work.ts';
import { blobOf } from './found-files.ts';
import { groupModels, type KnownFile, type LibraryModel } from './model-groups.ts';

/** The models of a scan, by everything that they are found by. */
export interface ModelIndex {
  /** By name. */
  models: readonly LibraryModel[];
  byId: ReadonlyMap<string, LibraryModel>;
  /** By their public names in lower case. The first of two namesakes counts. */
  byName: ReadonlyMap<string, LibraryModel>;
  /** By the paths of their first parts. */
  byPath: ReadonlyMap<string, readonly LibraryModel[]>;
  /** By id. */
  infosById: ReadonlyMap<string, ModelInfo>;
  /** By the paths of their first parts. The last of several models with one file counts. */
  infos: ReadonlyMap<string, ModelInfo>;
  /** Of all files. */
  paths: ReadonlySet<string>;
  /** Paths by device and inode. */
  byBlob: ReadonlyMap<string, string>;
}

export const NO_INDEX: ModelIndex = {
  models: [],
  byId: new Map(),
  byName: new Map(),
  byPath: new Map(),
  infosById: new Map(),
  infos: new Map(),
  paths: new Set(),
  byBlob: new Map(),
};

/**
 * Makes models of files. Pure. In slices, because ten thousand files take a tenth of a second.
 *
 * @param before Of the last scan. Its objects stay where nothing has changed, so that the text of lists is made once.
 */
export function* indexModels(files: readonly KnownFile[], before: ModelIndex): Sliced<ModelIndex> {
  const models: LibraryModel[] = [];
  const byId = new Map<string, LibraryModel>();
  const byName = new Map<string, LibraryModel>();
  const byPath = new Map<string, LibraryModel[]>();
  const infosById = new Map<string, ModelInfo>();
  const infos = new Map<string, ModelInfo>();
  for (const found of yield* groupModels(files)) {
    const model = same(found, before.byId.get(found.id));
    models.push(model);
    byId.set(model.id, model);
    byPath.set(model.path, [...(byPath.get(model.path) ?? []), model]);
    const info = same(infoOf(model), before.infosById.get(model.id));
    infosById.set(model.id, info);
    infos.set(model.path, info);
    for (const name of publicNames(model)) {
      const key = name.toLowerCase();
      if (!byName.has(key)) byName.set(key, model);
    }
    yield;
  }
  const paths = new Set<string>();
  const byBlob = new Map<string, string>();
  for (const file of files) {
    paths.add(file.path);
    byBlob.set(blobOf(file), file.path);
    yield;
  }
  return { models, byId, byName, byPath, infosById, infos, paths, byBlob };
}

/** The earlier object, if it says the same. */
function same<Kept extends object>(found: Kept, before: Kept | undefined): Kept {
  return before !== undefined && isDeepStrictEqual(found, before) ? before : found;
}

function infoOf({ id, name, quantization, size, context }: LibraryModel): ModelInfo {
  return { id, name, quantization, size, context };
}
