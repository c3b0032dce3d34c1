/** Two texts and how near their meanings are. */
export interface Pair {
  /** Indexes of the texts. */
  first: number;
  second: number;
  /** Cosine of the angle between their vectors: 1 is the same direction, 0 unrelated. */
  value: number;
}

/** Returns the cosine of the angle between two vectors; 0 if one of them is zero. */
export function cosine(first: readonly number[], second: readonly number[]): number {
  let product = 0;
  let firstSquare = 0;
  let secondSquare = 0;
  for (const [at, value] of first.entries()) {
    const other = second[at] ?? 0;
    product += value * other;
    firstSquare += value * value;
    secondSquare += other * other;
  }
  const length = Math.sqrt(firstSquare * secondSquare);
  return length === 0 ? 0 : product / length;
}

/** Returns the similarity of each vector to each. */
export function similarityMatrix(vectors: readonly (readonly number[])[]): number[][] {
  return vectors.map((first) => vectors.map((second) => cosine(first, second)));
}

/** Returns the nearest pairs of different texts, nearest first. */
export function nearestPairs(matrix: readonly (readonly number[])[], most: number): Pair[] {
  const pairs = matrix.flatMap((row, first) =>
    row.flatMap((value, second) => (second > first ? [{ first, second, value }] : [])),
  );
  return pairs.toSorted((one, other) => other.value - one.value).slice(0, most);
}
