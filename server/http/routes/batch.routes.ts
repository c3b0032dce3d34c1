import type { Batch } from '@llamactl/contract/instance';
import { OPERATIONS } from '@llamactl/contract/operations';
import type { Bind } from '../operations.ts';

/** The section "Batch Operations" of the API reference. */
export function batchRoutes(bind: Bind): void {
  bind(OPERATIONS.startAllInstances, async ({ body, manager }) => {
    const results = await manager.startAll(body.names);
    return { message: summary('Start', results), results };
  });

  bind(OPERATIONS.stopAllInstances, async ({ body, manager }) => {
    const results = await manager.stopAll(body.names);
    return { message: summary('Stop', results), results };
  });
}

/** Says how many commands were accepted: `Start initiated for 2 of 3 instances`. */
function summary(command: 'Start' | 'Stop', results: Batch['results']): string {
  const failed = results.filter(({ error }) => error !== undefined).length;
  const noun = results.length === 1 ? 'instance' : 'instances';
  const count = failed === 0 ? `${results.length}` : `${results.length - failed} of ${results.length}`;
  return `${command} initiated for ${count} ${noun}`;
}
