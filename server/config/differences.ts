import { isDeepStrictEqual } from 'node:util';
import { isRecord } from '@llamactl/contract/record';
import type { Values } from './record.ts';

/** A place in a YAML text: keys of maps, positions in lists. */
export type YamlPath = readonly (string | number)[];

/** A change to a YAML text. */
export type Change =
  | { kind: 'set' | 'remove'; path: YamlPath }
  | { kind: 'add'; path: YamlPath; keys: readonly string[] }
  | { kind: 'insert'; path: YamlPath; at: number; items: readonly unknown[] };

/** Lists that differ in more items than this are rewritten as a whole. */
const MOST_ITEMS = 20;

/**
 * The differences between two maps, each as small as possible; for a list that differs in several places, the first
 * one. The order is set, add, remove, so that a map that keeps any entry stays where it is.
 *
 * @param mayBeVoid Whether no value, an empty map and a missing key mean the same at a path.
 */
export function differences(
  actual: unknown,
  wanted: unknown,
  mayBeVoid: (path: YamlPath) => boolean,
  path: YamlPath = [],
): Change[] {
  if (isDeepStrictEqual(actual, wanted) || (mayBeVoid(path) && isVoid(actual) && isVoid(wanted))) return [];
  if (Array.isArray(actual) && Array.isArray(wanted)) return [differenceOfLists(actual, wanted, path)];
  if (!isRecord(actual) || !isRecord(wanted)) return [{ kind: 'set', path }];
  if (Object.keys(wanted).length === 0 && path.length > 0 && !mayBeVoid(path)) return [{ kind: 'set', path }];
  return differencesOfMaps(actual, wanted, mayBeVoid, path);
}

function differencesOfMaps(
  actual: Values,
  wanted: Values,
  mayBeVoid: (path: YamlPath) => boolean,
  path: YamlPath,
): Change[] {
  const [kept, gone] = split(Object.keys(actual), wanted);
  const [, missing] = split(Object.keys(wanted), actual);
  const removed = gone.filter((key) => !(mayBeVoid([...path, key]) && isVoid(actual[key])));
  return [
    ...kept.flatMap((key) => differences(actual[key], wanted[key], mayBeVoid, [...path, key])),
    ...(missing.length === 0 ? [] : [{ kind: 'add' as const, path, keys: missing }]),
    ...removed.map((key) => ({ kind: 'remove' as const, path: [...path, key] })),
  ];
}

function differenceOfLists(actual: readonly unknown[], wanted: readonly unknown[], path: YamlPath): Change {
  const shorter = Math.min(actual.length, wanted.length);
  let before = 0;
  while (before < shorter && isDeepStrictEqual(actual[before], wanted[before])) before += 1;
  let after = 0;
  while (after < shorter - before && isDeepStrictEqual(actual.at(-1 - after), wanted.at(-1 - after))) after += 1;
  const old = actual.length - before - after;
  const items = wanted.slice(before, wanted.length - after);
  if (shorter === 0 || Math.max(old, items.length) > MOST_ITEMS) return { kind: 'set', path };
  if (old === 0) return { kind: 'insert', path, at: before, items };
  return { kind: items.length === 0 ? 'remove' : 'set', path: [...path, before] };
}

function split(keys: readonly string[], values: Values): [there: string[], missing: string[]] {
  return [keys.filter((key) => Object.hasOwn(values, key)), keys.filter((key) => !Object.hasOwn(values, key))];
}

function isVoid(value: unknown): boolean {
  return value === null || value === undefined || (isRecord(value) && Object.keys(value).length === 0);
}
