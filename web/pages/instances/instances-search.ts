import { choiceOf, textOf, type RawSearch } from '../../lib/search-parameters.ts';
import { type ListedStatus, STATUSES } from './listed-status.ts';

/** The columns by which the list can be sorted. */
export const SORTED_BY = [
  'name',
  'status',
  'model',
  'requests',
  'tokens',
  'gpu',
  'memory',
  'cpu',
  'up',
  'used',
  'group',
  'engine',
  'port',
] as const;

/** Filters and order of the list, as the URL has them: `?status=failed&group=big&q=qwen`. */
export interface InstancesSearch {
  q?: string | undefined;
  status?: ListedStatus | undefined;
  group?: string | undefined;
  /** Default `name`. */
  sort?: (typeof SORTED_BY)[number] | undefined;
  /** Default: the usual one of the column. */
  order?: 'up' | 'down' | undefined;
  /** Rows stand below the heading of their group. */
  by?: 'group' | undefined;
}

export function instancesSearch(raw: RawSearch): InstancesSearch {
  return {
    q: textOf(raw['q']),
    status: choiceOf(raw['status'], STATUSES),
    group: textOf(raw['group']),
    sort: choiceOf(raw['sort'], SORTED_BY),
    order: choiceOf(raw['order'], ['up', 'down']),
    by: choiceOf(raw['by'], ['group']),
  };
}

/** Whether a filter hides rows. */
export function isFiltered({ q, status, group }: InstancesSearch): boolean {
  return [q, status, group].some((filter) => filter !== undefined);
}
