/** A text with its score; less is better. */
interface Scored<Item> {
  item: Item;
  score: number;
}

/**
 * Finds the items whose text has all words of a query, best first: whole words count more than begun ones, and these more than
 * letters inside. Of equals, the one with the shorter first line comes first.
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
        : [{ item, score: scores.reduce((sum, score) => sum + score, firstLine(text).length / 1_000) }];
    })
    .toSorted((one, other) => one.score - other.score)
    .slice(0, most)
    .map(({ item }) => item);
}

/**
 * 0: the text begins with the word; 0.25: it has the word, or its plural; 0.5: the text begins with its letters; 1: one of the words
 * does; 2: they are inside of one; `Infinity`: nowhere.
 */
function scoreOf(text: string, word: string): number {
  if (!text.includes(word)) return Infinity;
  const parts = text.split(/[\s.:-]+/);
  const at = parts.findIndex((part) => part === word || part === `${word}s`);
  if (at !== -1) return at === 0 ? 0 : 0.25;
  if (text.startsWith(word)) return 0.5;
  return parts.some((part) => part.startsWith(word)) ? 1 : 2;
}

function firstLine(text: string): string {
  return text.slice(0, `${text}\n`.indexOf('\n'));
}
