import type { Instance } from '@llamactl/contract/instance';
import { OPERATIONS } from '@llamactl/contract/operations';
import type { Caller } from '../../auth/caller.ts';
import { mayCall } from '../../auth/permissions.ts';
import { maskedOptions, maskedWords } from '../../instances/settings/secret-words.ts';
import { jsonAnswer, textAnswer } from '../answer.ts';
import type { Bind } from '../operations.ts';
import { JSON_HEADERS } from '../errors.ts';
import { ListAnswer } from '../bodies/list-answer.ts';

/**
 * The section "Instances" of the API reference. @param basePath Prefix of the API as callers see it: `/`, or a path.
 */
export function instanceRoutes(bind: Bind, basePath: string): void {
  const list = new ListAnswer('instances');
  bind(OPERATIONS.listInstances, ({ query, manager }) => textAnswer(list.of(manager.list(query.status)), JSON_HEADERS));

  bind(OPERATIONS.getInstance, ({ params, caller, manager }) => {
    const instance = manager.get(params.name);
    return jsonAnswer(shownTo(caller, instance), { headers: { etag: manager.entityTag(params.name) } });
  });

  bind(OPERATIONS.createInstance, async ({ body, manager, concerns }) => {
    concerns(body.name);
    const { instance, entityTag: etag, warnings } = await manager.create(body);
    const location = `${basePath.replace(/\/$/, '')}/api/instances/${instance.name}`;
    const created = { message: 'Instance created successfully', instance, ...some(warnings) };
    return jsonAnswer(created, { headers: { location, etag } });
  });

  bind(OPERATIONS.updateInstance, async ({ params, query, body, manager, headers }) => {
    const options = { ifMatch: headers['if-match'], restart: query.apply === 'restart' };
    const { instance, entityTag: etag, warnings } = await manager.update(params.name, body, options);
    const { restart_required } = instance;
    const updated = { message: 'Instance updated successfully', instance, restart_required, ...some(warnings) };
    return jsonAnswer(updated, { headers: { etag } });
  });

  bind(OPERATIONS.renameInstance, async ({ params, body, manager }) => {
    const { instance, entityTag: etag } = await manager.rename(params.name, body.name);
    const { restart_required } = instance;
    return jsonAnswer({ message: 'Instance renamed successfully', instance, restart_required }, { headers: { etag } });
  });

  bind(OPERATIONS.deleteInstance, async ({ params, manager, signal }) => {
    await manager.remove(params.name, signal);
    return { message: 'Instance deleted successfully' };
  });
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
