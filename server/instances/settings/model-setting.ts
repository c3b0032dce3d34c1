import type { ErrorCode, Problem } from '@llamactl/contract/errors';
import type { CompanionFiles, WithFiles } from '../ports/instance-record.ts';
import type { FoundModel, ModelFinder } from '../ports/model-finder.ts';
import { refused } from './settings.ts';

/** The settings that name a model. */
interface ModelSettings {
  model?: string | null | undefined;
  model_path?: string | null | undefined;
}

/** Most models that a message names. */
const MOST_NAMED = 5;

/**
 * Adds the files of the model that settings name, or of the file that they give, so that everything after it works with files.
 *
 * @throws {ApiError} `VALIDATION_ERROR`: no model has the name, several have it, or a file is given as well
 */
export async function withModelFile<Body extends ModelSettings>(
  body: Body,
  models: ModelFinder,
): Promise<WithFiles<Body>> {
  const { found, problem } = await modelOf(body, models);
  if (problem !== null) throw refused([problemOf('model', problem)]);
  return withFiles(body, found);
}

/**
 * Does what {@link withModelFile} does for all entries of a document. @throws one error for all entries, in their order
 */
export async function withModelFiles<Entry extends ModelSettings>(
  entries: readonly Entry[],
  models: ModelFinder,
): Promise<WithFiles<Entry>[]> {
  // In parallel: the library scans once more for a model that it does not know, and all unknown models share that scan.
  const found = await Promise.all(entries.map((entry) => modelOf(entry, models)));
  const problems = found.flatMap(({ problem }, index) =>
    problem === null ? [] : [problemOf(`instances[${index}].model`, problem)],
  );
  if (problems.length > 0) throw refused(problems);
  return entries.map((entry, index) => withFiles(entry, found[index]?.found ?? null));
}

function withFiles<Body extends ModelSettings>(body: Body, found: FoundModel | null): WithFiles<Body> {
  if (found === null) return body;
  const companions = companionFiles(found);
  return {
    ...body,
    ...(typeof body.model === 'string' ? { model_path: found.path } : {}),
    ...(Object.keys(companions).length === 0 ? {} : { companions }),
  };
}

/**
 * The companions that a launch uses. Of several projectors the smallest, because they differ in their precision only. A
 * LoRA adapter in a folder is a choice of the user; one in a manifest of Ollama is a part of the model.
 */
function companionFiles({ source, companions }: FoundModel): CompanionFiles {
  const [projector] = companions.filter(({ kind }) => kind === 'projector').toSorted((a, b) => a.size - b.size);
  const adapter = source === 'ollama' ? companions.find(({ kind }) => kind === 'adapter') : undefined;
  return {
    ...(projector === undefined ? {} : { projector: projector.path }),
    ...(adapter === undefined ? {} : { adapter: adapter.path }),
  };
}

/** Finds the named model or that of the file; else the reason why no model was found. Both are `null` if neither is given. */
async function modelOf(
  { model, model_path: given }: ModelSettings,
  models: ModelFinder,
): Promise<{ found: FoundModel | null; problem: string | null }> {
  if (model === undefined || model === null) {
    const isGiven = given !== undefined && given !== null;
    return { found: isGiven ? await models.withFile(given) : null, problem: null };
  }
  if (given !== undefined && given !== null)
    return { found: null, problem: 'cannot be given together with model_path' };
  const all = await models.called(model);
  const [first, ...others] = all;
  if (first === undefined) {
    const problem = `cannot be ${JSON.stringify(model)}: this machine has no such model; ${remedyOf(model)}`;
    return { found: null, problem };
  }
  if (others.length === 0) return { found: first, problem: null };
  const some = all.slice(0, MOST_NAMED).map((each) => `${each.id} (${each.path})`);
  return { found: null, problem: `is the name of ${all.length} models; give the id of one: ${some.join(', ')}` };
}

/** A path of this machine. */
const PATH = /^[/~.]|\.gguf$/i;
/** A name that a source of models may have: `org/repo:Q4_K_M`, `ollama:qwen3:8b`. */
const REFERENCE = /^(?:[\w-]+:)?[\w.-]+(?:\/[\w.-]+)?(?::[\w.-]+)?$/;

/** The way to a model that this machine lacks. */
function remedyOf(model: string): string {
  if (PATH.test(model)) return 'give a file as model_path';
  const isReference = /[/:]/.test(model) && REFERENCE.test(model);
  return isReference
    ? `to get it: llamactl pull ${model} (POST /api/models/downloads)`
    : 'llamactl models (GET /api/models) lists those that it has';
}

function problemOf(path: string, message: string): Problem & { code: ErrorCode } {
  return { code: 'VALIDATION_ERROR', path, message };
}
