import type { LogLevel } from '@llamactl/client';
import { LOG_LEVELS } from '../../lib/log-levels.ts';
import { choiceOf, textOf, type RawSearch } from '../../lib/search-parameters.ts';

export const SYSTEM_TABS = ['machine', 'alerts', 'doctor', 'log'] as const;
export type SystemTab = (typeof SYSTEM_TABS)[number];

/** The tab of the page and the filters of the log, as the URL has them. */
export interface SystemSearch {
  /** Default `machine`. */
  tab?: SystemTab | undefined;
  /** Lines of this level and above; default all. */
  level?: LogLevel | undefined;
  q?: string | undefined;
}

export function systemSearch(raw: RawSearch): SystemSearch {
  return { tab: choiceOf(raw['tab'], SYSTEM_TABS), level: choiceOf(raw['level'], LOG_LEVELS), q: textOf(raw['q']) };
}
