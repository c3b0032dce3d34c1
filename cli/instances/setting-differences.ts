import { isRecord } from '@llamactl/contract/record';
import type { CreateInstance, FleetStep, UpdateInstance } from '@llamactl/client';
import { stringify } from 'yaml';
import type { Style } from '../screen/style.ts';
import { plain } from '../screen/text.ts';

/** One setting before and after a change; `undefined`: its default. */
export interface Difference {
  /** Dotted: `options.threads`. */
  setting: string;
  before: unknown;
  after: unknown;
}

/** The settings that a step of a plan changes. A step that creates or removes an instance changes all its settings. */
export function differences(
  { action, changes }: Pick<FleetStep, 'action' | 'changes'>,
  before: CreateInstance | undefined,
  after: CreateInstance | undefined,
): Difference[] {
  const settings = action === 'create' ? settingsOf(after) : action === 'remove' ? settingsOf(before) : changes;
  return settings.map((setting) => ({
    setting,
    before: valueOf(before, setting),
    after: action === 'remove' ? undefined : valueOf(after, setting),
  }));
}

/** Removed and added lines, as of `diff`. Values of `environment` may be secret, and are not shown. */
export function differenceLines(all: readonly Difference[], style: Style): string[] {
  return all.flatMap(({ setting, before, after }) => [
    ...(before === undefined ? [] : [style.bad(`    - ${lineOf(setting, before)}`)]),
    ...(after === undefined ? [] : [style.good(`    + ${lineOf(setting, after)}`)]),
  ]);
}

/** The merge patch (RFC 7396) that turns one set of settings into another. */
export function mergePatch(before: object, after: object): UpdateInstance {
  const old = new Map<string, unknown>(Object.entries(before));
  const removed = [...old.keys()].filter((key) => !Object.hasOwn(after, key)).map((key) => [key, null]);
  const changed = Object.entries(after).flatMap(([key, value]: [string, unknown]) => {
    const known = old.get(key);
    if (JSON.stringify(known) === JSON.stringify(value)) return [];
    if (!isRecord(value) || !isRecord(known)) return [[key, value]];
    const patch = mergePatch(known, value);
    return Object.keys(patch).length === 0 ? [] : [[key, patch]];
  });
  return Object.fromEntries([...removed, ...changed]) as UpdateInstance;
}

/** Settings that are maps. Each of their keys counts as a setting, as in the plans of the server. */
const MAPS = new Set(['options', 'environment']);

function settingsOf(entry: CreateInstance | undefined): string[] {
  return Object.entries(entry ?? {}).flatMap(([key, value]: [string, unknown]) => {
    if (key === 'name') return [];
    return MAPS.has(key) && isRecord(value) ? Object.keys(value).map((inner) => `${key}.${inner}`) : [key];
  });
}

function valueOf(entry: CreateInstance | undefined, setting: string): unknown {
  const settings: Readonly<Record<string, unknown>> = { ...entry };
  const at = setting.indexOf('.');
  if (at === -1) return settings[setting];
  const map = settings[setting.slice(0, at)];
  return isRecord(map) ? Object.entries(map).find(([key]) => key === setting.slice(at + 1))?.[1] : undefined;
}

function lineOf(setting: string, value: unknown): string {
  const isSecret = setting === 'environment' || setting.startsWith('environment.');
  const text = isSecret ? '***' : stringify(value, { collectionStyle: 'flow', lineWidth: 0 }).trimEnd();
  return plain(`${setting}: ${text}`);
}
