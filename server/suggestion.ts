import leven from 'leven';

/** Longest word that is compared. A longer one is no misspelling of a known word, and comparing it costs time. */
const LONGEST_WORD = 64;

/** Known words by their folded form, cached per list: folding all words costs more than a comparison. */
const folds = new WeakMap<Iterable<string>, ReadonlyMap<string, string>>();

/**
 * Finds the known word that an unknown one probably meant; `null`: none is similar. Ignores case, dashes and underscores. Of
 * equally similar words the first wins. An array that is passed again must not have changed.
 */
export function suggestion(unknown: string, known: Iterable<string>): string | null {
  return suggestions(unknown, known)[0] ?? null;
}

/**
 * All known words that are equally similar to an unknown one, in their order. If any has the same letters, only those.
 */
export function suggestions(unknown: string, known: Iterable<string>): string[] {
  if (unknown.length > LONGEST_WORD) return [];
  const wanted = folded(unknown);
  // Allow two errors (a swap counts as two), or a third of the letters. With more, any short word would match any other.
  const maxDistance = wanted.length < 4 ? 1 : Math.max(2, Math.floor(wanted.length / 3));
  const words = foldsOf(known);
  const near = [...words.keys()].filter((word) => Math.abs(word.length - wanted.length) <= maxDistance);
  let distance = maxDistance;
  let equal: string[] = [];
  for (const word of near) {
    // With one more allowed, a distance at the limit is distinct from one beyond it.
    const own = leven(wanted, word, { maxDistance: distance + 1 });
    if (own < distance) [distance, equal] = [own, [word]];
    else if (own === distance) equal.push(word);
  }
  const swapped = equal.filter((word) => lettersOf(word) === lettersOf(wanted));
  const alike = swapped.length > 0 ? swapped : equal.filter((word) => distance < 2 || isLongEnough(word, wanted));
  return alike.map((word) => words.get(word) ?? word);
}

/**
 * Whether two errors may be a misspelling. A short word has as many wrong letters then as right ones: `mmap` is no
 * misspelling of `min_p`, nor `nope` of `top`. Left-out letters may be one.
 */
function isLongEnough(word: string, wanted: string): boolean {
  const shorter = Math.min(word.length, wanted.length);
  if (shorter > 4 || word.length === wanted.length) return shorter > 4;
  return shorter === 4 || hasLettersOf(word, wanted) || hasLettersOf(wanted, word);
}

/** Whether a word has all letters of another one, in their order. */
function hasLettersOf(word: string, other: string): boolean {
  let at = 0;
  for (const letter of word) if (letter === other[at]) at += 1;
  return at === other.length;
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

function lettersOf(word: string): string {
  return (word.match(/./gsu) ?? []).toSorted().join('');
}

function folded(word: string): string {
  return word.toLowerCase().replaceAll(/[-_]/g, '');
}
