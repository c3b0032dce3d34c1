import { isDeepStrictEqual } from 'node:util';
import { isRecord } from '@llamactl/contract/record';

/**
 * The keys in which two configurations differ, as deep as possible: `server.port`, `groups.big.pinned`. A list counts
 * as one value, as does an empty map.
 */
export function changedPaths(before: unknown, after: unknown, path: readonly string[] = []): (readonly string[])[] {
  if (isDeepStrictEqual(before, after)) return [];
  const sides = [before, after];
  const maps = sides.filter(isRecord);
  const keys = new Set(maps.flatMap((map) => Object.keys(map)));
  const inner = [...keys].flatMap((key) => changedPaths(own(before, key), own(after, key), [...path, key]));
  const isValue = sides.some((side) => side !== undefined && side !== null && !isRecord(side));
  return isValue || keys.size === 0 ? [path, ...inner] : inner;
}

/** The keys of a configuration that hold a value. Lists and empty maps count as values, as in {@link changedPaths}. */
export function leavesOf(value: unknown, path: readonly string[] = []): (readonly string[])[] {
  if (!isRecord(value) || Object.keys(value).length === 0) return [path];
  return Object.entries(value).flatMap(([key, inner]) => leavesOf(inner, [...path, key]));
}

function own(value: unknown, key: string): unknown {
  return isRecord(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}
