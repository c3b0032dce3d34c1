import { readdir, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { codeOf } from '@llamactl/contract/reason';
import { ApiError } from '@llamactl/contract/errors';
import type { Model } from '@llamactl/contract/model';
import { OPERATIONS } from '@llamactl/contract/operations';
import { HIDDEN_INSTANCE, type InstanceManager } from '../../instances/use-cases.ts';
import type { DownloadJobs } from '../../models/downloads/downloads.ts';
import { readDetails } from '../../models/model-details.ts';
import type { Models } from '../../models/library.ts';
import type { LibraryModel } from '../../models/model-groups.ts';
import type { SlicedWork } from '../../sliced-work.ts';
import { LargeListAnswer } from '../bodies/large-list-answer.ts';
import { isSame } from '../bodies/list-answer.ts';
import { JSON_HEADERS } from '../errors.ts';
import type { Bind } from '../operations.ts';

const NO_USERS: string[] = [];
const BYTES_IN_MEGABYTE = 1_000_000;

/** The models of this machine. @param all Sees every instance. */
export function modelRoutes(
  bind: Bind,
  models: Models,
  all: Pick<InstanceManager, 'get' | 'list'>,
  downloads: Pick<DownloadJobs, 'checkFiles' | 'deleteModel'>,
  work: SlicedWork,
): void {
  const rows = new Rows();
  const list = new LargeListAnswer('models', work);
  bind(OPERATIONS.listModels, async ({ manager, headers, isHead }) => {
    const users = await usersOfModels(models, all, manager);
    const more = { problems: models.problems, scanning: models.isScanning };
    const text = await list.of(rows.all(models.list(), users), more);
    return text.answer(JSON_HEADERS, { headers, isHead });
  });

  bind(OPERATIONS.getModel, async ({ params, manager }) => {
    const { layers, ...model } = modelOf(models, params.model_id);
    const users = await usersOfModels(models, all, manager);
    return { ...model, used_by: users.of(model), ...(await readDetails({ ...model, layers })) };
  });

  bind(OPERATIONS.verifyModel, async ({ params, concerns, signal }) => {
    const { ref, path: first, files, companions } = modelOf(models, params.model_id);
    concerns(ref ?? first);
    return {
      files: await downloads.checkFiles(
        [...files, ...companions].map((file) => file.path),
        signal,
      ),
    };
  });

  bind(OPERATIONS.deleteModel, async ({ params, concerns }) => {
    const model = modelOf(models, params.model_id);
    concerns(model.ref ?? model.path);
    const { source, files } = model;
    const unwanted = { source, paths: files.map((file) => file.path), companions: ownCompanions(model, models.list()) };
    const { freed, kept } = await downloads.deleteModel(unwanted, async (blobs) => {
      const users = await usersOf(blobs, all);
      if (users.length === 0) return;
      throw new ApiError('MODEL_IN_USE', `${model.name} is used by ${users.join(', ')}. Delete or change them first.`);
    });
    const size = (freed / BYTES_IN_MEGABYTE).toFixed(1);
    const stays = kept === 0 ? '' : `; ${kept} of its files stay, because other snapshots have them`;
    return { message: `Model deleted, ${size} MB freed${stays}` };
  });
}

function modelOf(models: Models, id: string): LibraryModel {
  const model = models.find(id);
  if (model === null) throw new ApiError('NOT_FOUND', 'No model has this id. GET /api/models lists them.');
  return model;
}

/** Companions that no other model has. */
function ownCompanions(model: LibraryModel, models: readonly LibraryModel[]): string[] {
  const others = models.filter(({ id }) => id !== model.id).flatMap(({ companions }) => companions);
  const needed = new Set(others.map(({ path }) => path));
  return model.companions.map(({ path }) => path).filter((path) => !needed.has(path));
}

/**
 * The names of the instances whose model or option is one of these files, also by a link. Only admins ask, and they see every
 * instance.
 */
async function usersOf(blobs: readonly string[], all: Pick<InstanceManager, 'get' | 'list'>): Promise<string[]> {
  const wanted = new Set(blobs);
  const users = await Promise.all(
    all.list().map(async ({ name, model_path: file }) => {
      const { options, extra_args: more } = all.get(name);
      const words = [file, ...Object.values(options).flat(), ...more].filter((word) => typeof word === 'string');
      const targets = await Promise.all(words.filter((word) => word.startsWith('/')).map(targetsOf));
      return targets.flat().some((target) => wanted.has(target)) ? [name] : [];
    }),
  );
  return users.flat();
}

/** The file that a path leads to, or the files of a folder. Empty: it is not there, or cannot be read. */
async function targetsOf(word: string): Promise<string[]> {
  try {
    const target = await realpath(word);
    if (!(await stat(target)).isDirectory()) return [target];
    const names = await readdir(target);
    return await Promise.all(names.map((name) => realpath(path.join(target, name))));
  } catch (error) {
    if (codeOf(error) !== null) return [];
    throw error;
  }
}

/** The rows of the list. A row with the same users is the same object, so that its JSON is made once. */
class Rows {
  readonly #rows = new WeakMap<LibraryModel, Model>();
  /** Of a library whose models no instance uses. */
  #unused: { models: readonly LibraryModel[]; rows: Model[] } = { models: [], rows: [] };

  all(models: readonly LibraryModel[], users: Users): Model[] {
    if (users.areNone && this.#unused.models === models) return this.#unused.rows;
    const rows = models.map((model) => this.of(model, users.of(model)));
    if (users.areNone) this.#unused = { models, rows };
    return rows;
  }

  of(model: LibraryModel, users: string[]): Model {
    const before = this.#rows.get(model);
    if (before !== undefined && isSame(before.used_by, users)) return before;
    const { files: _files, companions: _companions, layers: _layers, ...facts } = model;
    const row = { ...facts, used_by: users };
    this.#rows.set(model, row);
    return row;
  }
}

/**
 * The instances of each model, as one caller may see them. An instance may name the file of a model by another link.
 *
 * @param seen Sees the instances of the caller.
 */
async function usersOfModels(
  models: Pick<Models, 'listedPath'>,
  all: Pick<InstanceManager, 'list'>,
  seen: Pick<InstanceManager, 'list'>,
): Promise<Users> {
  const names = new Set(seen.list().map(({ name }) => name));
  const instances = all.list().flatMap(({ name, model_path: file }) => (file === undefined ? [] : [{ name, file }]));
  const files = [...new Set(instances.map(({ file }) => file))];
  const listed = new Map(await Promise.all(files.map(async (file) => [file, await models.listedPath(file)] as const)));
  const byPath = new Map<string, Set<string>>();
  for (const { name, file } of instances) {
    const own = listed.get(file) ?? file;
    const users = byPath.get(own) ?? new Set();
    byPath.set(own, users.add(names.has(name) ? name : HIDDEN_INSTANCE));
  }
  return new Users(byPath);
}

/** The names of the instances of each model file. */
class Users {
  readonly #byPath: ReadonlyMap<string, ReadonlySet<string>>;

  constructor(byPath: ReadonlyMap<string, ReadonlySet<string>>) {
    this.#byPath = byPath;
  }

  /** No instance has a model file. */
  get areNone(): boolean {
    return this.#byPath.size === 0;
  }

  of({ files }: Pick<LibraryModel, 'files'>): string[] {
    // Most of ten thousand models have no users.
    if (!files.some(({ path: file }) => this.#byPath.has(file))) return NO_USERS;
    return [...new Set(files.flatMap(({ path: file }) => [...(this.#byPath.get(file) ?? [])]))];
  }
}
