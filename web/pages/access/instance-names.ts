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

/** The chosen instances in few words: groups of which all are chosen, and the names of the others. */
export function chosenParts(
  chosen: readonly string[],
  rows: readonly { name: string; group?: string | undefined }[],
): { groups: readonly Group[]; names: readonly string[] } {
  const groups = groupsOf(rows).filter(({ members }) => members.every((member) => chosen.includes(member)));
  const covered = new Set(groups.flatMap(({ members }) => members));
  return { groups, names: sortedNames(chosen.filter((name) => !covered.has(name))) };
}
