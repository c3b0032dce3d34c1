import { OPERATIONS } from '@llamactl/contract/operations';
import type { Bind } from '../operations.ts';

/** The section "Instance Operations" of the API reference. */
export function lifecycleRoutes(bind: Bind): void {
  bind(OPERATIONS.startInstance, async ({ params, query, caller, signal, isBegun, manager }) => {
    const status = await manager.start(params.name, { wait: query.wait, signal, isBegun, by: caller.subject });
    return { message: 'Instance start initiated', status };
  });

  bind(OPERATIONS.stopInstance, async ({ params, query, body, caller, signal, isBegun, manager }) => {
    const status = await manager.stop(params.name, { ...body, wait: query.wait, signal, isBegun, by: caller.subject });
    return { message: 'Instance stop initiated', status };
  });

  bind(OPERATIONS.restartInstance, async ({ params, query, body, caller, signal, isBegun, manager }) => {
    const status = await manager.restart(params.name, {
      ...body,
      wait: query.wait,
      signal,
      isBegun,
      by: caller.subject,
    });
    return { message: 'Instance restart initiated', status };
  });

  bind(OPERATIONS.getInstanceHealth, ({ params, manager }) => manager.health(params.name));
}
