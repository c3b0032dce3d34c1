const ORDER = new Intl.Collator('en', { numeric: true });

/** Sorts names as people count: `chat-2` before `chat-10`. */
export function sortedNames(names: readonly string[]): string[] {
  return names.toSorted((one, other) => ORDER.compare(one, other));
}

/** A group with the names of its members. */
interface Group {
  name: string;
  members: readonly string[];
}

/** The groups of instances, sorted by name. */
export function groupsOf(rows: readonly { name: string; group?: string | undefined }[]): Group[] {
  const groups = sortedNames([...new Set(rows.flatMap(({ group }) => group ?? []))]);
  return groups.map((name) => ({
    name,
    members: rows.filter(({ group }) => group === name).map((row) => row.name),
  }));
}
