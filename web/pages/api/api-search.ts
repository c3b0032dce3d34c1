import { textOf, type RawSearch } from '../../lib/search-parameters.ts';

/** The open operation and the search, as the URL has them: `?operation=listInstances&q=names`. */
export interface ApiSearch {
  /** The id of an operation. */
  operation?: string | undefined;
  q?: string | undefined;
}

export function apiSearch(raw: RawSearch): ApiSearch {
  return { operation: textOf(raw['operation']), q: textOf(raw['q']) };
}
