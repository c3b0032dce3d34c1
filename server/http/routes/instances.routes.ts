import { ApiError } from '@llamactl/contract/errors';
import type { Estimate } from '@llamactl/contract/estimate';
import type { Instance } from '@llamactl/contract/instance';
import { OPERATIONS } from '@llamactl/contract/operations';
import type { Caller } from '../../auth/caller.ts';
import { mayCall } from '../../auth/permissions.ts';
import type { InstanceManager } from '../../instances/use-cases.ts';
import { maskedOptions, maskedWords } from '../../instances/settings/secret-words.ts';
import { jsonAnswer, textAnswer } from '../answer.ts';
import type { Bind } from '../operations.ts';
import { JSON_HEADERS } from '../errors.ts';
import { ListAnswer } from '../bodies/list-answer.ts';
import { problemsOfCreate, problemsOfUpdate, withAllProblems } from './edit-problems.ts';
import { estimateOf, type EstimateParts } from './estimate.routes.ts';

/**
 * The section "Instances" of the API reference. @param basePath Prefix of the API as callers see it: `/`, or a path.
 */
export function instanceRoutes(bind: Bind, basePath: string, parts: EstimateParts): void {
  const list = new ListAnswer('instances');
  bind(OPERATIONS.listInstances, ({ query, manager }) => textAnswer(list.of(manager.list(query.status)), JSON_HEADERS));

  bind(OPERATIONS.getInstance, ({ params, caller, manager }) => {
    const instance = manager.get(params.name);
    return jsonAnswer(shownTo(caller, instance), { headers: { etag: manager.entityTag(params.name) } });
  });

  bind(
    OPERATIONS.createInstance,
    async ({ body, query, caller, manager, concerns }) => {
      concerns(body.name);
      if (query.dry_run === true) {
        const { instance, preview } = await manager.previewCreate(body);
        const estimate = await previewEstimate(parts, instance, null, caller, manager);
        const answer = { message: 'Nothing was created', instance, preview: { ...preview, estimate } };
        return jsonAnswer(answer, { status: 200 });
      }
      const {
        instance,
        entityTag: etag,
        warnings,
      } = await manager.create(body, caller.subject).catch(async (error: unknown) => {
        throw await withAllProblems(error, () => manager.previewCreate(body));
      });
      const location = `${basePath.replace(/\/$/, '')}/api/instances/${instance.name}`;
      const created = { message: 'Instance created successfully', instance, ...some(warnings) };
      return jsonAnswer(created, { headers: { location, etag } });
    },
    problemsOfCreate,
  );

  bind(
    OPERATIONS.updateInstance,
    async ({ params, query, body, caller, manager, headers, edited }) => {
      const options = { ifMatch: headers['if-match'], restart: query.apply === 'restart', by: caller.subject };
      if (query.dry_run === true) {
        const { instance, preview } = await manager.previewUpdate(params.name, body, options);
        const estimate = await previewEstimate(parts, instance, manager.idOf(params.name), caller, manager);
        const { restart_required } = instance;
        return { message: 'Nothing was changed', instance, restart_required, preview: { ...preview, estimate } };
      }
      const {
        instance,
        entityTag: etag,
        warnings,
        changes,
      } = await manager.update(params.name, body, options).catch(async (error: unknown) => {
        throw await withAllProblems(error, () => manager.previewUpdate(params.name, body, options));
      });
      edited(changes);
      const { restart_required } = instance;
      const updated = { message: 'Instance updated successfully', instance, restart_required, ...some(warnings) };
      return jsonAnswer(updated, { headers: { etag } });
    },
    problemsOfUpdate,
  );

  bind(OPERATIONS.renameInstance, async ({ params, body, caller, manager, edited }) => {
    const { instance, entityTag: etag, changes } = await manager.rename(params.name, body.name, caller.subject);
    edited(changes);
    const { restart_required } = instance;
    return jsonAnswer({ message: 'Instance renamed successfully', instance, restart_required }, { headers: { etag } });
  });

  bind(OPERATIONS.deleteInstance, async ({ params, caller, manager, signal }) => {
    await manager.remove(params.name, { by: caller.subject, signal });
    return { message: 'Instance deleted successfully' };
  });
}

/** The memory that an instance would need; `null`: unknown. @param id Of the instance; `null`: it does not exist. */
async function previewEstimate(
  parts: EstimateParts,
  instance: Instance,
  id: string | null,
  caller: Caller,
  manager: InstanceManager,
): Promise<Estimate | null> {
  try {
    return await estimateOf(parts, { stored: instance, instance: id, wishes: {}, caller, manager });
  } catch (error) {
    // llamactl does not know the engine, or cannot read the file.
    if (error instanceof ApiError) return null;
    throw error;
  }
}

/** Masks secrets, such as the values of the environment, for callers who are not admins. */
function shownTo(caller: Caller, instance: Instance): Instance {
  if (mayCall(caller, 'admin')) return instance;
  const { command, options, extra_args } = instance;
  return {
    ...instance,
    environment: Object.fromEntries(Object.keys(instance.environment).map((name) => [name, '***'])),
    options: maskedOptions(options),
    extra_args: maskedWords(extra_args),
    ...(command === undefined ? {} : { command: maskedWords(command) }),
  };
}

function some(warnings: string[]): { warnings?: string[] } {
  return warnings.length === 0 ? {} : { warnings };
}
