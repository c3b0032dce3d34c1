import type { Settings, WantedEdit } from '../ports/instance-record.ts';

/** Returns {@link settingChanges} of two edits, after `port` if the port, or who chooses it, differs. */
export function recordChanges(before: WantedEdit, after: WantedEdit): string[] {
  const isPortKept = after.port === before.port && after.portAssigned === before.portAssigned;
  return [...(isPortKept ? [] : ['port']), ...settingChanges(before.settings, after.settings)];
}

/**
 * Returns the settings that differ, with dots for entries of maps: `model_path`, `options.threads`. Settings that existed
 * before come first, then new ones.
 *
 * A change of the order of `options` is reported as `options`. Their order is the order of flags, and of two flags for one
 * thing the last wins: llama-server b11669 logs nothing with `--verbose --log-verbosity 1`, and everything with these flags
 * reversed. The order of `environment` does not matter.
 */
export function settingChanges(before: Settings, after: Settings): string[] {
  // Most instances of an applied document have not changed.
  if (isSame(before, after)) return [];
  const keys = new Set([...Object.keys(before), ...Object.keys(after)]) as Set<keyof Settings>;
  return [...keys].flatMap((key) => {
    if (key === 'options') {
      const order = isSameOrder(before.options, after.options) ? [] : [key];
      return [...order, ...entryChanges(key, before.options, after.options)];
    }
    if (key === 'environment') return entryChanges(key, before.environment, after.environment);
    if (isSame(before[key], after[key])) return [];
    // Users see the files of a model only as a part of it.
    if (key !== 'companions') return [key];
    const named = after.model === undefined ? 'model_path' : 'model';
    return isSame(before[named], after[named]) ? [named] : [];
  });
}

function entryChanges(parent: string, before: Record<string, unknown>, after: Record<string, unknown>): string[] {
  const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...keys].filter((key) => !isSame(before[key], after[key])).map((key) => `${parent}.${key}`);
}

/** Whether the keys that both objects have are in the same order. */
function isSameOrder(before: object, after: object): boolean {
  const common = (one: object, other: object): string[] => Object.keys(one).filter((key) => Object.hasOwn(other, key));
  return isSame(common(before, after), common(after, before));
}

/** Compares as JSON: settings are plain JSON values. */
function isSame(before: unknown, after: unknown): boolean {
  return JSON.stringify(before) === JSON.stringify(after);
}
