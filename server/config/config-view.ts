import {
  KEPT_BY_RELOAD,
  WITHOUT_EFFECT,
  type Config,
  type ConfigRules,
  type ConfigSource,
} from '@llamactl/contract/config';
import { changedPaths, leavesOf } from './changes.ts';
import { overrideOf, withoutEmpty } from './compose.ts';
import { pinnedBy } from './config-refusals.ts';
import type { ConfigInputs } from './compose.ts';
import type { ConfigFile } from './config-document.ts';
import { nameOf } from './overrides.ts';
import { dotted } from './issues.ts';
import { isSecretPath } from './config-keys.ts';
import { MASK } from './patch.ts';
import { isRecord } from '@llamactl/contract/record';
import { protection, type ConfigEditorRights } from './protection.ts';
import { valueAt } from './record.ts';

/** The configuration with its secrets masked. Empty ones stay empty. */
export function masked(config: Config): Config {
  return maskedAt(config, []) as Config;
}

/** A value of the configuration with its secrets masked. @param path of the value */
export function maskedAt(value: unknown, path: readonly string[]): unknown {
  if (isRecord(value))
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, maskedAt(inner, [...path, key])]));
  return isSecretPath(path) && value !== '' ? MASK : value;
}

/** Where each value of a configuration comes from, by dotted key. */
export function sourcesOf(
  config: Config,
  file: ConfigFile | null,
  { overrides }: ConfigInputs,
): Record<string, ConfigSource> {
  const values = withoutEmpty(file?.values ?? {});
  const sourceOf = (path: readonly string[]): ConfigSource => {
    const assigned = overrideOf(overrides, path);
    if (assigned) return { from: assigned.from, name: nameOf(assigned) };
    if (file === null || valueAt(values, path) === undefined) return { from: 'default' };
    const line = file.lineOf(path);
    return line === null ? { from: 'file' } : { from: 'file', line };
  };
  return Object.fromEntries(leavesOf(config).map((path) => [dotted(path), sourceOf(path)]));
}

/** The rules for a change of each value, by dotted key. */
export function rulesOf(
  config: Config,
  { overrides }: ConfigInputs,
  rights: ConfigEditorRights,
): Record<string, ConfigRules> {
  const rules = (path: readonly string[]): ConfigRules => {
    const name = dotted(path);
    const assigned = overrideOf(overrides, path);
    const reason = assigned === undefined ? protection(path, rights) : pinnedBy(assigned);
    return {
      effect: WITHOUT_EFFECT.has(name) ? 'none' : KEPT_BY_RELOAD.has(name) ? 'restart' : 'reload',
      secret: isSecretPath(path),
      locked: reason === null ? null : `${name} ${reason}.`,
    };
  };
  return Object.fromEntries(leavesOf(config).map((path) => [dotted(path), rules(path)]));
}

/** The dotted keys in which two configurations differ. */
export function changedKeys(before: unknown, after: unknown): string[] {
  return changedPaths(before, after).map(dotted);
}
