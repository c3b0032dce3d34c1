import { isDeepStrictEqual } from 'node:util';
import { ConfigSchema } from '@llamactl/contract/config';
import { MOST_PROBLEMS } from '@llamactl/contract/errors';
import type { Assignment } from './assignments.ts';
import { assignmentOf } from './compose.ts';
import { unknownKey } from './issues.ts';
import type { ConfigProblem } from './issues.ts';
import { isKnownKey, isSecretPath } from './config-keys.ts';
import { isRecord, valueAt } from './record.ts';
import type { Values } from './record.ts';

/** Stands for a secret in what is shown; given back, it leaves the secret alone. */
export const MASK = '***';

/** What a file's values would be. */
export interface Merged {
  values: Record<string, unknown>;
  problems: ConfigProblem[];
}

/**
 * Merges a patch (RFC 7396) into the values of a file. What says only what holds anyhow, by default, file, variable or
 * flag, is left out: so giving back everything that was shown changes nothing.
 *
 * @param stored Of the file.
 * @param effective What holds now, all layers together.
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
    // The schema passes over it, so nothing else would refuse it.
    if (key === '__proto__') {
      problems.push({ path: here, words: 'is not a possible name.' });
      continue;
    }
    const present = valueAt(effective, [key]);
    const old = result.get(key);
    if (value === null) {
      const isUnknown = !result.has(key) && isKnownKey(path) && !isKnownKey(here);
      if (isUnknown && problems.length < MOST_PROBLEMS) problems.push(unknownKey(path, key));
      // A key without a value is as good as none.
      if (old !== null || !isKnownKey(here)) result.delete(key);
    } else if (value === MASK && isSecretPath(here)) {
      if (present === undefined)
        problems.push({ path: here, words: `is ${MASK}, which stands for a value that is there, and there is none.` });
    } else if (isRecord(value)) {
      const inner = merged(old, value, present, here, problems);
      if (isRecord(old) || !isRecord(present) || Object.keys(inner).length > 0) result.set(key, inner);
    } else if (!isDeepStrictEqual(value, present)) {
      result.set(key, value);
    }
  }
  return Object.fromEntries(result);
}

/** The variables and flags that hold a key to another value than the patch wants. */
export function pinning(patch: Values, effective: unknown, assignments: readonly Assignment[]): Assignment[] {
  const defaults = ConfigSchema.parse({});
  const winners = new Set(assignments.map(({ key }) => assignmentOf(assignments, key.path)));
  return [...winners].filter((each): each is Assignment => {
    if (each === undefined) return false;
    const { path } = each.key;
    const wanted = wantedAt(patch, path, defaults);
    const isLeftAlone = wanted === undefined || (wanted === MASK && isSecretPath(path));
    return !isLeftAlone && !isDeepStrictEqual(wanted, valueAt(effective, path));
  });
}

/** What a patch wants of a key; `undefined`: nothing. Removing it, or what it is in, wants the default. */
function wantedAt(patch: Values, path: readonly string[], defaults: unknown): unknown {
  for (const length of path.keys()) {
    const value = valueAt(patch, path.slice(0, length + 1));
    if (value === undefined) return undefined;
    if (value === null) return valueAt(defaults, path);
  }
  return valueAt(patch, path);
}
