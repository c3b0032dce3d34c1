import { choiceOf, wholeOf, type RawSearch } from '../../lib/search-parameters.ts';

/** The tabs of one instance. */
export const INSTANCE_TABS = ['overview', 'logs', 'requests', 'settings', 'events', 'use'] as const;
export type InstanceTab = (typeof INSTANCE_TABS)[number];

export interface InstanceSearch {
  /** The open tab; default `overview`. */
  tab?: InstanceTab | undefined;
  /** `seq` of the line that the log shows first. */
  line?: number | undefined;
}

export function instanceSearch(raw: RawSearch): InstanceSearch {
  return { tab: choiceOf(raw['tab'], INSTANCE_TABS), line: wholeOf(raw['line']) };
}
