import { closestMatch } from 'leven';

/** Longer words are no slip of a known one, and comparing them costs time. */
const LONGEST_WORD = 64;

/**
 * The known word that was probably meant by an unknown one, `null` when none is near. Case, dashes and underscores do not
 * count; of equally near ones the first wins.
 */
export function suggestion(unknown: string, known: Iterable<string>): string | null {
  if (unknown.length > LONGEST_WORD) return null;
  const wanted = folded(unknown);
  const words = new Map([...known].toReversed().map((word) => [folded(word), word]));
  // Two slips (a swap counts as two), or a third of the letters: more, and any short word would be near any other.
  const maxDistance = wanted.length < 4 ? 1 : Math.max(2, Math.floor(wanted.length / 3));
  const nearest = closestMatch(wanted, [...words.keys()].toReversed(), { maxDistance });
  return nearest === undefined ? null : (words.get(nearest) ?? null);
}

function folded(word: string): string {
  return word.toLowerCase().replaceAll(/[-_]/g, '');
}
