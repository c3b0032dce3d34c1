import type { FleetAction, FleetStep } from '@llamactl/contract/fleet';

const DONE: Record<FleetAction, string> = {
  create: 'created',
  change: 'changed',
  restart: 'restarted',
  remove: 'removed',
  nothing: 'unchanged',
};
const TO_DO: Record<FleetAction, string> = {
  create: 'to create',
  change: 'to change',
  restart: 'to restart',
  remove: 'to remove',
  nothing: 'unchanged',
};

/** One sentence about all steps: `Fleet applied: 1 created, 2 unchanged, 1 failed`. */
export function fleetSummary(steps: readonly FleetStep[], dryRun: boolean): string {
  const words = dryRun ? TO_DO : DONE;
  const failed = steps.filter(({ error }) => error !== undefined).length;
  const counts = Object.entries(words).map(([action, word]): [number, string] => [
    steps.filter((step) => step.action === action && step.error === undefined).length,
    word,
  ]);
  const shown = [...counts, [failed, dryRun ? 'would fail' : 'failed'] as const].filter(([count]) => count > 0);
  const summary = shown.length === 0 ? 'nothing to do' : shown.map(([count, word]) => `${count} ${word}`).join(', ');
  return dryRun ? `Dry run, nothing was changed: ${summary}` : `Fleet applied: ${summary}`;
}
