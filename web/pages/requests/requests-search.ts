import type { RequestOutcome } from '@llamactl/client';
import { choiceOf, textOf, wholeOf, type RawSearch } from '../../lib/search-parameters.ts';

/** The outcomes in the order of the filter. */
export const OUTCOMES: readonly RequestOutcome[] = [
  'ok',
  'refused',
  'client_error',
  'engine_error',
  'broken',
  'aborted',
  'cancelled',
];

/** The filters of the page and the request that is open, as the URL has them. */
export interface RequestsSearch {
  instance?: string | undefined;
  /** As the API names callers: `user:ada`, `key:7`. */
  caller?: string | undefined;
  outcome?: RequestOutcome | undefined;
  /** Seconds. */
  slower?: number | undefined;
  /** The id of the request whose details are shown. */
  open?: string | undefined;
}

export function requestsSearch(raw: RawSearch): RequestsSearch {
  return {
    instance: textOf(raw['instance']),
    caller: textOf(raw['caller']),
    outcome: choiceOf(raw['outcome'], OUTCOMES),
    slower: wholeOf(raw['slower']),
    open: textOf(raw['open']),
  };
}

/** Whether any filter is set. */
export function isFiltered({ instance, caller, outcome, slower }: RequestsSearch): boolean {
  return [instance, caller, outcome, slower].some((filter) => filter !== undefined);
}
