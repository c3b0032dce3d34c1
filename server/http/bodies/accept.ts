/** Preference of a caller for a media type, from its `Accept` (RFC 9110, 12.5.1). */
interface Preference {
  /** 0 to 1; 0: not accepted. */
  quality: number;
  /** How exactly the header names the type: 2 exactly, 1 by its kind (`text/*`), 0 by the general wildcard. */
  exactness: number;
}

/**
 * Whether the caller prefers `wanted` to all `others`. An exact name wins over a wildcard: `application/json, *\/*`
 * prefers JSON.
 */
export function prefers(accept: string | undefined, wanted: string, others: readonly string[]): boolean {
  const ranges = rangesOf(accept ?? '*/*');
  const preference = preferenceOf(ranges, wanted);
  return preference.quality > 0 && others.every((other) => isMore(preference, preferenceOf(ranges, other)));
}

function isMore(one: Preference, other: Preference): boolean {
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

/** The most exact range that includes the type decides. */
function preferenceOf(ranges: ReadonlyMap<string, number>, type: string): Preference {
  const byExactness = ['*/*', type.replace(/\/.*/, '/*'), type];
  for (const exactness of [2, 1, 0]) {
    const quality = ranges.get(byExactness[exactness] ?? '');
    if (quality !== undefined) return { quality, exactness };
  }
  return { quality: 0, exactness: 0 };
}
