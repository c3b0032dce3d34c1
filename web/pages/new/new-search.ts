import { textOf, type RawSearch } from '../../lib/search-parameters.ts';

/** Values with which a new instance begins. */
export interface NewSearch {
  /** The instance whose settings it copies. */
  from?: string | undefined;
  /** A model of the library, by its id or reference. */
  model?: string | undefined;
}

export function newSearch(raw: RawSearch): NewSearch {
  return { from: textOf(raw['from']), model: textOf(raw['model']) };
}
