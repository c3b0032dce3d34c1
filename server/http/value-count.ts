/**
 * Values that one body may hold: every entry of a list and every member of an object counts. A schema looks at all of
 * them before it answers, for some ten microseconds each, and the server does nothing else meanwhile.
 */
export const MOST_VALUES = 5_000;

/** Whether a value holds more than {@link MOST_VALUES} values. Counting stops there. */
export function hasTooManyValues(root: unknown): boolean {
  const pending: unknown[] = [root];
  let count = 0;
  for (let value = pending.pop(); value !== undefined; value = pending.pop()) {
    if (typeof value !== 'object' || value === null) continue;
    const members: readonly unknown[] = Array.isArray(value) ? value : Object.values(value);
    count += members.length;
    if (count > MOST_VALUES) return true;
    for (const member of members) if (typeof member === 'object' && member !== null) pending.push(member);
  }
  return false;
}
