import type { Batch } from '@llamactl/contract/instance';
import { OPERATIONS } from '@llamactl/contract/operations';
import type { RecordedChange } from '../recorded-change.ts';
import type { Bind } from '../operations.ts';

/** The section "Batch Operations" of the API reference. */
export function batchRoutes(bind: Bind): void {
  bind(OPERATIONS.startAllInstances, async ({ body, caller, manager, changed }) => {
    const results = await manager.startAll(body.names, caller.subject);
    changed(changesIn(results, OPERATIONS.startInstance.id));
    return { message: summary('Start', results), results };
  });

  bind(OPERATIONS.stopAllInstances, async ({ body, caller, manager, changed }) => {
    const results = await manager.stopAll(body.names, caller.subject);
    changed(changesIn(results, OPERATIONS.stopInstance.id));
    return { message: summary('Stop', results), results };
  });

  bind(OPERATIONS.restartAllInstances, async ({ body, caller, manager, changed }) => {
    const results = await manager.restartAll(body.names, caller.subject);
    changed(changesIn(results, OPERATIONS.restartInstance.id));
    return { message: summary('Restart', results), results };
  });

  bind(OPERATIONS.deleteAllInstances, async ({ body, caller, manager, signal, changed }) => {
    const results = await manager.removeAll(body.names, { by: caller.subject, signal });
    changed(changesIn(results, OPERATIONS.deleteInstance.id));
    const done = results.filter(({ error }) => error === undefined).length;
    return { message: `Deleted ${done} of ${results.length} ${noun(results.length)}`, results };
  });
}

/** The instances that a command has changed. @param action Id of the same operation on one instance. */
function changesIn(results: Batch['results'], action: string): RecordedChange[] {
  return results.filter(({ error }) => error === undefined).map(({ name: target }) => ({ action, target }));
}

/** Says how many commands were accepted: `Start initiated for 2 of 3 instances`. */
function summary(command: 'Start' | 'Stop' | 'Restart', results: Batch['results']): string {
  const failed = results.filter(({ error }) => error !== undefined).length;
  const count = failed === 0 ? `${results.length}` : `${results.length - failed} of ${results.length}`;
  return `${command} initiated for ${count} ${noun(results.length)}`;
}

function noun(count: number): string {
  return count === 1 ? 'instance' : 'instances';
}
