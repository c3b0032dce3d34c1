/** A reason for which instances refused a command. */
export interface BulkReason {
  reason: string;
  names: readonly string[];
}

/** One instance that refused a command to several. */
export interface Refused {
  name: string;
  /** The sentence of the API. */
  sentence: string;
}

const NAMES = 2;

/**
 * Groups refusals by their reasons, the most frequent first.
 *
 * @param knownFor A better reason for an instance than the sentence of the API; `null`: none.
 */
export function bulkReasons(refused: readonly Refused[], knownFor: (name: string) => string | null): BulkReason[] {
  return [...Map.groupBy(refused, ({ name, sentence }) => knownFor(name) ?? withoutName(name, sentence))]
    .map(([reason, group]) => ({ reason, names: group.map(({ name }) => name) }))
    .toSorted((one, other) => other.names.length - one.names.length);
}

/** The first names of a list: `code-1, code-2 …`. */
export function firstNames(names: readonly string[]): string {
  return `${names.slice(0, NAMES).join(', ')}${names.length > NAMES ? ' …' : ''}`;
}

/** The part of a sentence that is the same for all instances: what follows the name and the verdict. */
function withoutName(name: string, sentence: string): string {
  if (!sentence.startsWith(`${name} `)) return sentence;
  return sentence.slice(name.length + 1).replace(/^(?:was not started|cannot start): /, '');
}
