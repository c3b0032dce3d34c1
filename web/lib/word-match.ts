/** A text with its score; less is better. */
interface Scored<Item> {
  item: Item;
  score: number;
}

/**
 * Finds the items whose text has all words of a query, best first: words at the beginning count more than words inside.
 *
 * @param most How many to return.
 */
export function wordMatches<Item>(
  items: readonly Item[],
  textOf: (item: Item) => string,
  query: string,
  most: number,
): Item[] {
  const words = query
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  if (words.length === 0) return items.slice(0, most);
  return items
    .flatMap((item): Scored<Item>[] => {
      const text = textOf(item).toLowerCase();
      const scores = words.map((word) => scoreOf(text, word));
      return scores.includes(Infinity)
        ? []
        : [{ item, score: scores.reduce((sum, score) => sum + score, text.length / 1_000) }];
    })
    .toSorted((one, other) => one.score - other.score)
    .slice(0, most)
    .map(({ item }) => item);
}

/** 0: the text begins with the word; 1: one of its words does; 2: it is inside of one; `Infinity`: nowhere. */
function scoreOf(text: string, word: string): number {
  const at = text.indexOf(word);
  if (at === -1) return Infinity;
  if (at === 0) return 0;
  return text.includes(` ${word}`) || text.includes(`-${word}`) ? 1 : 2;
}
