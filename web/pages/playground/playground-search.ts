import { textOf, type RawSearch } from '../../lib/search-parameters.ts';

/** The instance to talk with. */
export interface PlaygroundSearch {
  instance?: string | undefined;
}

export function playgroundSearch(raw: RawSearch): PlaygroundSearch {
  return { instance: textOf(raw['instance']) };
}
