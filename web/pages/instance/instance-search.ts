import { choiceOf, type RawSearch } from '../../lib/search-parameters.ts';

/** The tabs of one instance. */
export const INSTANCE_TABS = ['overview', 'logs', 'requests', 'settings', 'events', 'use'] as const;

/** The open tab; default `overview`. */
export interface InstanceSearch {
  tab?: (typeof INSTANCE_TABS)[number] | undefined;
}

export function instanceSearch(raw: RawSearch): InstanceSearch {
  return { tab: choiceOf(raw['tab'], INSTANCE_TABS) };
}
