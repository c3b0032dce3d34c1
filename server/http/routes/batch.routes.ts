import type { Batch } from '@llamactl/contract/instance';
import { OPERATIONS } from '@llamactl/contract/operations';
import type { RecordedChange } from '../recorded-change.ts';
import type { Bind } from '../operations.ts';

/** The section "Batch Operations" of the API reference. */
export function batchRoutes(bind: Bind): void {
  bind(OPERATIONS.startAllInstances, async ({ body, caller, manager, concerns, changed }) => {
    const results = await manager.startAll(body.names, caller.subject);
    concerns(targetOf(results));
    changed(changesIn(results, OPERATIONS.startInstance.id));
    return { message: summary('Start', results), results };
  });

  bind(OPERATIONS.stopAllInstances, async ({ body, caller, manager, concerns, changed }) => {
    const results = await manager.stopAll(body.names, caller.subject);
    concerns(targetOf(results));
    changed(changesIn(results, OPERATIONS.stopInstance.id));
    return { message: summary('Stop', results), results };
  });

  bind(OPERATIONS.restartAllInstances, async ({ body, caller, manager, concerns, changed }) => {
    const results = await manager.restartAll(body.names, caller.subject);
    concerns(targetOf(results));
    changed(changesIn(results, OPERATIONS.restartInstance.id));
    return { message: summary('Restart', results), results };
  });

  bind(OPERATIONS.deleteAllInstances, async ({ body, caller, manager, signal, concerns, changed }) => {
    const results = await manager.removeAll(body.names, { by: caller.subject, signal });
    concerns(targetOf(results));
    changed(changesIn(results, OPERATIONS.deleteInstance.id));
    return { message: `Deleted ${acceptedIn(results)} of ${results.length} ${noun(results.length)}`, results };
  });
}

/** Longest list of names in the audit trail, in characters. */
const LONGEST_NAMES = 200;

/** The target of a batch in the audit trail: its instances, and how many commands were accepted; `null`: it has none. */
function targetOf(results: Batch['results']): string | null {
  if (results.length === 0) return null;
  const names = results.map(({ name }) => name).join(', ');
  const shown = names.length <= LONGEST_NAMES ? names : `${names.slice(0, LONGEST_NAMES)}…`;
  return `${shown} (${acceptedIn(results)} of ${results.length})`;
}

function acceptedIn(results: Batch['results']): number {
  return results.filter(({ error }) => error === undefined).length;
}

/** The instances that a command has changed. @param action Id of the same operation on one instance. */
function changesIn(results: Batch['results'], action: string): RecordedChange[] {
  return results.filter(({ error }) => error === undefined).map(({ name: target }) => ({ action, target }));
}

/** Says how many commands were accepted: `Start initiated for 2 of 3 instances`. */
function summary(command: 'Start' | 'Stop' | 'Restart', results: Batch['results']): string {
  const accepted = acceptedIn(results);
  const count = accepted === results.length ? `${accepted}` : `${accepted} of ${results.length}`;
  return `${command} initiated for ${count} ${noun(results.length)}`;
}

function noun(count: number): string {
  return count === 1 ? 'instance' : 'instances';
}
