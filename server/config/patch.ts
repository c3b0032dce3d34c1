import { isDeepStrictEqual } from 'node:util';
import { ConfigSchema } from '@llamactl/contract/config';
import { MOST_PROBLEMS } from '@llamactl/contract/errors';
import type { Override } from './overrides.ts';
import { overrideOf } from './compose.ts';
import { unknownKey } from './issues.ts';
import type { ConfigProblem } from './issues.ts';
import { isKnownKey, isSecretPath } from './config-keys.ts';
import { isRecord } from '@llamactl/contract/record';
import { valueAt } from './record.ts';
import type { Values } from './record.ts';

/** Replaces a secret in views; sent back, it leaves the secret unchanged. */
export const MASK = '***';

/** The values of a file after a patch. */
export interface Merged {
  values: Record<string, unknown>;
  problems: ConfigProblem[];
}

/**
 * Merges a patch (RFC 7396) into the values of a file. Leaves out values that are in effect already by default, file,
 * variable or flag, so that sending back a whole view changes nothing.
 *
 * @param stored Values of the file.
 * @param effective Values in effect now, from all layers.
 */
export function mergePatch(stored: Values, patch: Values, effective: unknown): Merged {
  const problems: ConfigProblem[] = [];
  return { values: merged(stored, patch, effective, [], problems), problems };
}

function merged(
  stored: unknown,
  patch: Values,
  effective: unknown,
  path: readonly string[],
  problems: ConfigProblem[],
): Record<string, unknown> {
  const result = new Map(Object.entries(isRecord(stored) ? stored : {}));
  for (const [key, value] of Object.entries(patch)) {
    const here = [...path, key];
    // The schema ignores this key, so refuse it here.
    if (key === '__proto__') {
      problems.push({ path: here, words: 'is not a possible name.' });
      continue;
    }
    const present = valueAt(effective, [key]);
    const old = result.get(key);
    if (value === null) {
      const isUnknown = !result.has(key) && isKnownKey(path) && !isKnownKey(here);
      if (isUnknown && problems.length < MOST_PROBLEMS) problems.push(unknownKey(path, key));
      // A known key without a value counts as missing.
      if (old !== null || !isKnownKey(here)) result.delete(key);
    } else if (value === MASK && isSecretPath(here)) {
      if (present === undefined)
        problems.push({ path: here, words: `is ${MASK}, which stands for an existing value, but there is no value.` });
    } else if (isRecord(value)) {
      const inner = merged(old, value, present, here, problems);
      if (isRecord(old) || !isRecord(present) || Object.keys(inner).length > 0) result.set(key, inner);
    } else if (!isDeepStrictEqual(value, present)) {
      result.set(key, value);
    }
  }
  return Object.fromEntries(result);
}

/** The variables and flags that override a value of the patch. */
export function pinning(patch: Values, effective: unknown, overrides: readonly Override[]): Override[] {
  const defaults = ConfigSchema.parse({});
  const winners = new Set(overrides.map(({ key }) => overrideOf(overrides, key.path)));
  return [...winners].filter((each): each is Override => {
    if (each === undefined) return false;
    const { path } = each.key;
    const wanted = wantedAt(patch, path, defaults);
    const isLeftAlone = wanted === undefined || (wanted === MASK && isSecretPath(path));
    return !isLeftAlone && !isDeepStrictEqual(wanted, valueAt(effective, path));
  });
}

/** The value that a patch sets for a key; `undefined`: none. Removing the key, or a section around it, sets the default. */
function wantedAt(patch: Values, path: readonly string[], defaults: unknown): unknown {
  for (const length of path.keys()) {
    const value = valueAt(patch, path.slice(0, length + 1));
    if (value === undefined) return undefined;
    if (value === null) return valueAt(defaults, path);
  }
  return valueAt(patch, path);
}
