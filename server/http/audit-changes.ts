import type { AuditChange } from '@llamactl/contract/auth';
import type { JsonValue } from '@llamactl/contract/request-additions';
import { isDeepStrictEqual } from 'node:util';
import { maskedJson } from '../instances/settings/secret-words.ts';

const MOST_CHANGES = 50;
/** Most bytes of all changes of a row, as JSON. */
const MOST_BYTES = 4_096;
/** Longest path, and longest value as JSON, in UTF-16 units. */
const LONGEST_TEXT = 200;
const ELLIPSIS = '…';

/**
 * Changes as a row of the audit trail stores them: without secrets, values shortened, and those that exceed the limits
 * of a row only counted. Empty without changes.
 */
export function boundedChanges(changes: readonly AuditChange[]): { changes?: AuditChange[]; moreChanges?: number } {
  if (changes.length === 0) return {};
  const kept: AuditChange[] = [];
  let bytes = 0;
  for (const { path, before, after } of changes.slice(0, MOST_CHANGES)) {
    const name = path.slice(path.lastIndexOf('.') + 1);
    const change = { path: cut(path), before: shown(before, name), after: shown(after, name) };
    bytes += Buffer.byteLength(JSON.stringify(change));
    if (bytes > MOST_BYTES) break;
    kept.push(change);
  }
  const more = changes.length - kept.length;
  return { changes: kept, ...(more > 0 && { moreChanges: more }) };
}

/** Masks come first: a cut would hide the name that reveals a secret. */
function shown(value: JsonValue, name: string): JsonValue {
  const masked = maskedJson(value, name);
  if (typeof masked === 'string') return cut(masked);
  const text = JSON.stringify(masked);
  return text.length > LONGEST_TEXT ? cut(text) : masked;
}

function cut(text: string): string {
  if (text.length <= LONGEST_TEXT) return text;
  // A character outside the basic plane has two units: leave no half of one.
  return `${text.slice(0, LONGEST_TEXT - ELLIPSIS.length).replace(/[\ud800-\udbff]$/, '')}${ELLIPSIS}`;
}

/** Properties of accounts and keys that change without a request for it. */
const BY_ITSELF: ReadonlySet<string> = new Set(['updated_at', 'last_login_at', 'last_used_at']);

type View = Readonly<Record<string, JsonValue | undefined>>;

/** The properties in which two views of an account or a key differ. */
export function propertyChanges(before: View, after: View): AuditChange[] {
  return Object.keys(after)
    .filter((name) => !BY_ITSELF.has(name) && !isDeepStrictEqual(before[name], after[name]))
    .map((path) => ({ path, before: before[path] ?? null, after: after[path] ?? null }));
}
