import type { Settings } from '../ports.ts';

/**
 * The settings that differ, dotted where they are maps: `model_path`, `options.threads`. First what was there, then what
 * is new.
 *
 * The order of `options` counts and is told as `options`: it is the order of flags, and of two flags about one thing the
 * last wins. llama-server b11669 logs nothing with `--verbose --log-verbosity 1`, and everything with the same the other
 * way round. The order of `environment` means nothing.
 */
export function settingChanges(before: Settings, after: Settings): string[] {
  const keys = new Set([...Object.keys(before), ...Object.keys(after)]) as Set<keyof Settings>;
  return [...keys].flatMap((key) => {
    if (key === 'options') {
      const order = isSameOrder(before.options, after.options) ? [] : [key];
      return [...order, ...entryChanges(key, before.options, after.options)];
    }
    if (key === 'environment') return entryChanges(key, before.environment, after.environment);
    return isSame(before[key], after[key]) ? [] : [key];
  });
}

function entryChanges(parent: string, before: Record<string, unknown>, after: Record<string, unknown>): string[] {
  const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...keys].filter((key) => !isSame(before[key], after[key])).map((key) => `${parent}.${key}`);
}

/** Whether what both have stands in the same order in both. */
function isSameOrder(before: object, after: object): boolean {
  const common = (one: object, other: object): string[] => Object.keys(one).filter((key) => Object.hasOwn(other, key));
  return isSame(common(before, after), common(after, before));
}

/** Settings are text, numbers, truths and lists of them. */
function isSame(before: unknown, after: unknown): boolean {
  return JSON.stringify(before) === JSON.stringify(after);
}
