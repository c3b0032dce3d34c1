import { choiceOf, textOf, type RawSearch } from '../../lib/search-parameters.ts';

export const ACCESS_TABS = ['keys', 'users', 'audit', 'account'] as const;
export type AccessTab = (typeof ACCESS_TABS)[number];

/** The tab of the page and the filters of the audit trail, as the URL has them. */
export interface AccessSearch {
  /** Default `keys`. */
  tab?: AccessTab | undefined;
  subject?: string | undefined;
  action?: string | undefined;
  target?: string | undefined;
}

export function accessSearch(raw: RawSearch): AccessSearch {
  return {
    tab: choiceOf(raw['tab'], ACCESS_TABS),
    subject: textOf(raw['subject']),
    action: textOf(raw['action']),
    target: textOf(raw['target']),
  };
}
