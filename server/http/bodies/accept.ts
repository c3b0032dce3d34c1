/** How much a caller likes a media type by its `Accept` (RFC 9110, 12.5.1). */
interface Liking {
  /** 0 to 1; 0: not at all. */
  quality: number;
  /** How exactly it was named: 2 by its name, 1 by its kind (`text/*`), 0 as anything. */
  exactness: number;
}

/**
 * Whether the caller would rather have `wanted` than the best of `others`. Named counts more than meant by a wildcard:
 * `application/json, *\/*` wants JSON.
 */
export function prefers(accept: string | undefined, wanted: string, others: readonly string[]): boolean {
  const ranges = rangesOf(accept ?? '*/*');
  const liking = likingOf(ranges, wanted);
  return liking.quality > 0 && others.every((other) => isMore(liking, likingOf(ranges, other)));
}

function isMore(one: Liking, other: Liking): boolean {
  if (one.quality !== other.quality) return one.quality > other.quality;
  return one.exactness > other.exactness;
}

function rangesOf(accept: string): Map<string, number> {
  return new Map(
    accept.split(',').map((part): [string, number] => {
      const [range = '', ...parameters] = part.toLowerCase().split(';');
      const quality = parameters.map((parameter) => /^\s*q=([\d.]+)\s*$/.exec(parameter)?.[1]).find(Boolean);
      return [range.trim(), quality === undefined ? 1 : Number(quality)];
    }),
  );
}

/** The most exact range that holds the type decides. */
function likingOf(ranges: ReadonlyMap<string, number>, type: string): Liking {
  const byExactness = ['*/*', type.replace(/\/.*/, '/*'), type];
  for (const exactness of [2, 1, 0]) {
    const quality = ranges.get(byExactness[exactness] ?? '');
    if (quality !== undefined) return { quality, exactness };
  }
  return { quality: 0, exactness: 0 };
}
