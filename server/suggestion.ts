import { closestMatch } from 'leven';

/** Longer words are no slip of a known one, and comparing them costs time. */
const LONGEST_WORD = 64;

/** Known words by their folded form, for each list of them: folding all costs more than one comparison. */
const folds = new WeakMap<Iterable<string>, ReadonlyMap<string, string>>();

/**
 * The known word that was probably meant by an unknown one, `null` when none is near. Case, dashes and underscores do not
 * count; of equally near ones the first wins. A list that is given again must not have changed.
 */
export function suggestion(unknown: string, known: Iterable<string>): string | null {
  if (unknown.length > LONGEST_WORD) return null;
  const wanted = folded(unknown);
  // Two slips (a swap counts as two), or a third of the letters: more, and any short word would be near any other.
  const maxDistance = wanted.length < 4 ? 1 : Math.max(2, Math.floor(wanted.length / 3));
  const words = foldsOf(known);
  const near = [...words.keys()].filter((word) => Math.abs(word.length - wanted.length) <= maxDistance);
  const nearest = closestMatch(wanted, near, { maxDistance });
  return nearest === undefined ? null : (words.get(nearest) ?? null);
}

function foldsOf(known: Iterable<string>): ReadonlyMap<string, string> {
  const before = folds.get(known);
  if (before !== undefined) return before;
  const words = new Map<string, string>();
  for (const word of known) if (!words.has(folded(word))) words.set(folded(word), word);
  // An iterator can be read only once.
  if (Array.isArray(known)) folds.set(known, words);
  return words;
}

function folded(word: string): string {
  return word.toLowerCase().replaceAll(/[-_]/g, '');
}
