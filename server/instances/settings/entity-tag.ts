import type { InstanceRecord } from '../ports/instance-record.ts';

/** The strong entity tag of a record. It contains the id, so a new instance with an old name has another tag. */
export function tagOf({ id, version }: Pick<InstanceRecord, 'id' | 'version'>): string {
  return `"${id}-${version}"`;
}

/**
 * Whether an `If-Match` header (RFC 9110, 13.1.1: a list of tags, or `*`) allows a change of the record. Weak tags never
 * match.
 */
export function matchesTag(ifMatch: string, record: Pick<InstanceRecord, 'id' | 'version'>): boolean {
  const tags = new Set(ifMatch.split(',').map((tag) => tag.trim()));
  return tags.has('*') || tags.has(tagOf(record));
}
