import type { InstanceSummary, ParsedInstance, UnreadModel } from '@llamactl/client';
import type { ForeignImport, ForeignStep } from './foreign-import.ts';

/**
 * Pairs each new instance with one whose model the file no longer has, if both have the same model file. Pure.
 *
 * @param models With the settings of the steps.
 * @param absent The instances whose models the file no longer has.
 */
export function renamedModels(
  steps: readonly ForeignStep[],
  models: readonly (ParsedInstance | UnreadModel)[],
  absent: readonly InstanceSummary[],
): ForeignImport['renamed'] {
  const files = new Map(models.map(({ settings }) => [settings?.name, settings?.model_path]));
  const left = new Map(absent.map(({ name, model_path: file }) => [name, file]));
  return steps.flatMap(({ action, instance, error }) => {
    if (action !== 'create' || instance === null || error !== null) return [];
    const file = files.get(instance);
    const [from] = [...left].find(([, each]) => file !== undefined && each === file) ?? [];
    if (from === undefined) return [];
    left.delete(from);
    return [{ from, to: instance }];
  });
}
