import { textOf, type RawSearch } from '../../lib/search-parameters.ts';

/** What a new instance begins with. */
export interface NewSearch {
  /** The instance whose settings it copies. */
  from?: string | undefined;
  /** A model of the library, by its id or reference. */
  model?: string | undefined;
}

export function newSearch(raw: RawSearch): NewSearch {
  return { from: textOf(raw['from']), model: textOf(raw['model']) };
}
