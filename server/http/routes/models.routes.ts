import { ApiError } from '@llamactl/contract/errors';
import type { Model } from '@llamactl/contract/model';
import { OPERATIONS } from '@llamactl/contract/operations';
import type { InstanceManager } from '../../instances/use-cases.ts';
import { readDetails } from '../../models/model-details.ts';
import type { Models } from '../../models/library.ts';
import type { LibraryModel } from '../../models/model-groups.ts';
import { textAnswer } from '../answer.ts';
import { isSame, ListAnswer } from '../bodies/list-answer.ts';
import { JSON_HEADERS } from '../errors.ts';
import type { Bind } from '../operations.ts';

/** The name of an instance that the caller may not see. */
const HIDDEN = 'another instance';
const NO_USERS: string[] = [];

/** The models of this machine. @param all Sees every instance. */
export function modelRoutes(bind: Bind, models: Models, all: Pick<InstanceManager, 'list'>): void {
  const rows = new Rows();
  const list = new ListAnswer('models');
  bind(OPERATIONS.listModels, ({ manager }) => {
    const users = new Users(all, manager);
    const shown = models.list().map((model) => rows.of(model, users.of(model)));
    return textAnswer(list.of(shown, { scanning: models.isScanning }), JSON_HEADERS);
  });

  bind(OPERATIONS.getModel, async ({ params, manager }) => {
    const model = models.find(params.model_id);
    if (model === null) throw new ApiError('NOT_FOUND', 'No model has this id. GET /api/models lists them.');
    return { ...model, used_by: new Users(all, manager).of(model), ...(await readDetails(model)) };
  });
}

/** The rows of the list. A row with the same users is the same object, so that its JSON is made once. */
class Rows {
  readonly #rows = new WeakMap<LibraryModel, Model>();

  of(model: LibraryModel, users: string[]): Model {
    const before = this.#rows.get(model);
    if (before !== undefined && isSame(before.used_by, users)) return before;
    const { files: _files, companions: _companions, ...facts } = model;
    const row = { ...facts, used_by: users };
    this.#rows.set(model, row);
    return row;
  }
}

/** The instances of each model file, as one caller may see them. */
class Users {
  readonly #byPath = new Map<string, Set<string>>();

  constructor(all: Pick<InstanceManager, 'list'>, seen: Pick<InstanceManager, 'list'>) {
    const names = new Set(seen.list().map(({ name }) => name));
    for (const { name, model_path: file } of all.list()) {
      if (file === undefined) continue;
      const users = this.#byPath.get(file) ?? new Set();
      this.#byPath.set(file, users.add(names.has(name) ? name : HIDDEN));
    }
  }

  of({ path: file, files }: LibraryModel): string[] {
    if (this.#byPath.size === 0) return NO_USERS;
    const users = new Set<string>();
    for (const each of new Set([file, ...files.map((part) => part.path)])) {
      for (const user of this.#byPath.get(each) ?? []) users.add(user);
    }
    return [...users];
  }
}
