import { ApiError, MOST_PROBLEMS, type Problem } from '@llamactl/contract/errors';
import { CreateInstanceSchema, UpdateInstanceSchema } from '@llamactl/contract/instance';
import type { OPERATIONS } from '@llamactl/contract/operations';
import type { Previewed } from '../../instances/use-cases.ts';
import { validationError } from '../bodies/problems.ts';
import { readableFields } from '../bodies/readable-fields.ts';
import type { ProblemFinder } from '../operations.ts';

/** Stands for a name that was refused. Its own problems are not reported. */
const ANY_NAME = 'x';

/** Finds the problems of the accepted settings in a body for a new instance whose form was refused. */
export const problemsOfCreate: ProblemFinder<typeof OPERATIONS.createInstance> = async ({
  body,
  problems,
  manager,
}) => {
  const readable = readableFields(CreateInstanceSchema, body);
  if (Object.keys(readable).length === 0) return [];
  const fields = CreateInstanceSchema.safeParse({ name: ANY_NAME, ...readable });
  return fields.success ? furtherProblems(problems, () => manager.previewCreate(fields.data)) : [];
};

/** Finds the problems of the accepted settings in an update whose form was refused. */
export const problemsOfUpdate: ProblemFinder<typeof OPERATIONS.updateInstance> = async (input) => {
  const { params, body, problems, manager } = input;
  const readable = readableFields(UpdateInstanceSchema, body);
  if (Object.keys(readable).length === 0) return [];
  const fields = UpdateInstanceSchema.safeParse(readable);
  const preview = (patch: typeof fields.data = {}) => manager.previewUpdate(params.name, patch, { restart: false });
  return fields.success ? furtherProblems(problems, () => preview(fields.data)) : [];
};

/** Adds to a refusal of settings the problems that were not reached. Returns other errors unchanged. */
export async function withAllProblems(error: unknown, preview: () => Promise<Previewed>): Promise<unknown> {
  if (!(error instanceof ApiError) || error.code !== 'VALIDATION_ERROR') return error;
  const { problems = [] } = error.extras;
  const more = await furtherProblems(problems, preview);
  return more.length === 0 ? error : validationError([...problems, ...more]);
}

/** The problems of a preview with fields that have no known problem. Empty if there can be no preview. */
async function furtherProblems(known: readonly Problem[], preview: () => Promise<Previewed>): Promise<Problem[]> {
  if (known.length >= MOST_PROBLEMS) return [];
  const fields = new Set(known.map(({ path }) => fieldOf(path)));
  // Without the refused model, the preview has no model file.
  if (fields.has('model')) fields.add('model_path');
  const isNew = ({ path }: Problem): boolean =>
    !known.some((problem) => problem.path === path) && (path.includes('.') || !fields.has(fieldOf(path)));
  try {
    const { preview: found } = await preview();
    return found.problems.filter(isNew);
  } catch (error) {
    if (error instanceof ApiError) return [];
    throw error;
  }
}

/** The setting of a path: `aliases` of `aliases[0]`. */
function fieldOf(path: string): string {
  return path.replace(/[.[].*$/s, '');
}
