import type { JsonObject } from '../ports/instance-record.ts';

/** Merges the top level only. Replaced keys keep their position, because the order of options is the order of flags. */
export function mergePatch<Value>(
  stored: Record<string, Value>,
  patch: Record<string, Value | null>,
): Record<string, Value> {
  const merged = new Map(Object.entries(stored));
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) merged.delete(key);
    else merged.set(key, value);
  }
  return Object.fromEntries(merged);
}

/** Merges as RFC 7396 defines it, nested objects included. */
export function mergeJson(stored: JsonObject, patch: JsonObject): JsonObject {
  const merged = new Map(Object.entries(stored));
  for (const [key, value] of Object.entries(patch)) {
    const before = merged.get(key);
    if (value === null) merged.delete(key);
    else if (isJsonObject(value)) merged.set(key, mergeJson(isJsonObject(before) ? before : {}, value));
    else merged.set(key, value);
  }
  return Object.fromEntries(merged);
}

function isJsonObject(value: JsonObject[string] | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
