import { ApiError } from '@llamactl/contract/errors';
import type { Estimate, EstimateRequest, InstanceEstimateRequest } from '@llamactl/contract/estimate';
import { OPERATIONS } from '@llamactl/contract/operations';
import type { Caller } from '../../auth/caller.ts';
import { mayCall } from '../../auth/permissions.ts';
import { HIDDEN_INSTANCE, type InstanceManager } from '../../instances/use-cases.ts';
import type { DraftSettings } from '../../models/launch-draft.ts';
import { draftSettings } from '../../models/launch-draft.ts';
import type { Models } from '../../models/library.ts';
import type { MemoryEstimator } from '../../models/memory-estimator.ts';
import type { Bind } from '../operations.ts';

export interface EstimateParts {
  models: Models;
  estimator: Pick<MemoryEstimator, 'estimate' | 'files' | 'withOptions'>;
}

/** The subject of an estimate, and who asks. */
interface Question {
  stored: DraftSettings;
  /** The id of the instance; `null`: the subject is a model. */
  instance: string | null;
  wishes: Pick<InstanceEstimateRequest, 'options' | 'devices'>;
  caller: Caller;
  manager: InstanceManager;
}

/** Estimates of memory. */
export function estimateRoutes(bind: Bind, parts: EstimateParts): void {
  bind(OPERATIONS.estimate, async ({ body, caller, manager }) => {
    if (body.instance !== undefined) {
      const { engine } = body;
      const stored = manager.get(body.instance);
      const ofEngine = engine === undefined ? stored : { ...stored, engine };
      return estimateOf(parts, { ...ofInstance(ofEngine, manager), wishes: body, caller, manager });
    }
    const file = body.model_path === undefined ? await fileOf(parts.models, body) : freePath(body.model_path, caller);
    const stored = draftSettings(body.engine ?? 'llama_cpp', file);
    return estimateOf(parts, { stored, instance: null, wishes: body, caller, manager });
  });

  bind(OPERATIONS.estimateInstance, ({ params, body, caller, manager }) =>
    estimateOf(parts, { ...ofInstance(manager.get(params.name), manager), wishes: body, caller, manager }),
  );
}

/** The memory that an instance needs with its own options. @throws {ApiError} the need is unknown */
export function estimateOfInstance(
  parts: EstimateParts,
  name: string,
  caller: Caller,
  manager: InstanceManager,
): Promise<Estimate> {
  return estimateOf(parts, { ...ofInstance(manager.get(name), manager), wishes: {}, caller, manager });
}

function ofInstance(
  { name, engine, model_path, options, extra_args, environment }: DraftSettings & { name: string },
  manager: InstanceManager,
): Pick<Question, 'stored' | 'instance'> {
  return { stored: { engine, model_path, options, extra_args, environment }, instance: manager.idOf(name) };
}

/** The memory that a launch would need. @throws {ApiError} the need is unknown, or the caller may not ask */
export async function estimateOf(
  { models, estimator }: EstimateParts,
  { stored, instance, wishes, caller, manager }: Question,
): Promise<Estimate> {
  const { options = {}, devices = null } = wishes;
  const settings = estimator.withOptions(stored, options);
  if (!mayCall(caller, 'admin')) {
    const known = new Set([...estimator.files(stored), ...libraryFiles(models)]);
    // The answer depends on the content of the file.
    if (!estimator.files(settings).every((file) => known.has(file)))
      throw new ApiError('FORBIDDEN', 'Options that name files outside the library need the role admin.');
  }
  const { mustStop, ...estimate } = await estimator.estimate({ settings, instance, devices });
  return { ...estimate, must_stop: [...new Set(mustStop.map((id) => manager.nameOf(id) ?? HIDDEN_INSTANCE))] };
}

function libraryFiles(models: Models): string[] {
  return models.list().flatMap(({ files, companions }) => [...files, ...companions].map(({ path }) => path));
}

/** The file of the model that a request names, in the library. */
async function fileOf(models: Models, { model = '' }: EstimateRequest): Promise<string> {
  const found = await models.called(model);
  const [first, ...others] = found;
  if (first === undefined) throw new ApiError('NOT_FOUND', 'No model has this name. GET /api/models lists them.');
  if (others.length === 0) return first.path;
  const message = `is the name of ${found.length} models; give the id of one: ${found.map(({ id }) => id).join(', ')}`;
  throw new ApiError('VALIDATION_ERROR', `model ${message}.`, { problems: [{ path: 'model', message }] });
}

/** Errors would show others whether a file exists. */
function freePath(file: string, caller: Caller): string {
  if (mayCall(caller, 'admin')) return file;
  throw new ApiError(
    'FORBIDDEN',
    'An estimate for any `model_path` needs the role admin; give a `model` of the library.',
  );
}
