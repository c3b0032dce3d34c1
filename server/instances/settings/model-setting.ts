import type { ErrorCode, Problem } from '@llamactl/contract/errors';
import type { ModelFinder } from '../ports/model-finder.ts';
import { refused } from './settings.ts';

/** The settings that name a model. */
interface ModelSettings {
  model?: string | null | undefined;
  model_path?: string | null | undefined;
}

/** Most models that a message names. */
const MOST_NAMED = 5;

/**
 * Adds the file of the model that settings name, so that everything after it works with a file.
 *
 * @throws {ApiError} `VALIDATION_ERROR`: no model has the name, several have it, or a file is given as well
 */
export async function withModelFile<Body extends ModelSettings>(body: Body, models: ModelFinder): Promise<Body> {
  const { file, problem } = await fileOf(body, models);
  if (problem !== null) throw refused([problemOf('model', problem)]);
  return withFile(body, file);
}

/**
 * Does what {@link withModelFile} does for all entries of a document. @throws one error for all entries, in their order
 */
export async function withModelFiles<Entry extends ModelSettings>(
  entries: readonly Entry[],
  models: ModelFinder,
): Promise<Entry[]> {
  // In parallel: the library scans once more for a model that it does not know, and all unknown models share that scan.
  const found = await Promise.all(entries.map((entry) => fileOf(entry, models)));
  const problems = found.flatMap(({ problem }, index) =>
    problem === null ? [] : [problemOf(`instances[${index}].model`, problem)],
  );
  if (problems.length > 0) throw refused(problems);
  return entries.map((entry, index) => withFile(entry, found[index]?.file ?? null));
}

function withFile<Body extends ModelSettings>(body: Body, file: string | null): Body {
  return file === null ? body : { ...body, model_path: file };
}

/** Finds the file of the named model, or the reason why there is none. Both are `null` if no model is named. */
async function fileOf(
  { model, model_path: given }: ModelSettings,
  models: ModelFinder,
): Promise<{ file: string | null; problem: string | null }> {
  if (model === undefined || model === null) return { file: null, problem: null };
  if (given !== undefined && given !== null) return { file: null, problem: 'cannot be given together with model_path' };
  const found = await models.called(model);
  const [first, ...others] = found;
  if (first === undefined) {
    const isPath = /^[/~.]|\.gguf$/i.test(model);
    const remedy = isPath ? 'give a file as model_path' : 'GET /api/models lists them';
    return { file: null, problem: `cannot be ${JSON.stringify(model)}: this machine has no such model; ${remedy}` };
  }
  if (others.length === 0) return { file: first.path, problem: null };
  const some = found.slice(0, MOST_NAMED).map((each) => `${each.id} (${each.path})`);
  return { file: null, problem: `is the name of ${found.length} models; give the id of one: ${some.join(', ')}` };
}

function problemOf(path: string, message: string): Problem & { code: ErrorCode } {
  return { code: 'VALIDATION_ERROR', path, message };
}
