import { momentOf } from '../../lib/local-time.ts';
import { choiceOf, textOf, type RawSearch } from '../../lib/search-parameters.ts';

export const ACCESS_TABS = ['keys', 'users', 'usage', 'audit', 'account'] as const;
export type AccessTab = (typeof ACCESS_TABS)[number];

/** Tabs that only administrators see. */
export const FOR_ADMINS: ReadonlySet<AccessTab> = new Set(['users', 'audit']);

/** Choices of usage: the kind of row, and how far back. */
export const USAGE_GROUPS = ['key', 'user', 'instance'] as const;
export const USAGE_WINDOWS = ['15m', '24h', '7d', '30d'] as const;

/** Answers by which the audit trail can be filtered. */
export const AUDIT_STATUSES = ['2xx', '4xx', '5xx', '401', '403', '404', '409', '429'] as const;
export type AuditStatus = (typeof AUDIT_STATUSES)[number];

/** Periods of the audit trail that end now. Each begins at midnight, so that its answer does not change all the time. */
export const AUDIT_PERIODS = ['today', '7d', '30d'] as const;
export type AuditPeriod = (typeof AUDIT_PERIODS)[number];

/** The tab of the page, the owner of the keys, the choices of usage and the filters of the audit trail, as the URL has them. */
export interface AccessSearch {
  /** Default `keys`. */
  tab?: AccessTab | undefined;
  /** Default `key`. */
  by?: (typeof USAGE_GROUPS)[number] | undefined;
  /** Default `30d`. */
  window?: (typeof USAGE_WINDOWS)[number] | undefined;
  /** Only the keys of this account. */
  owner?: string | undefined;
  subject?: string | undefined;
  action?: string | undefined;
  target?: string | undefined;
  /** Only without `since` and `until`, which say more. */
  period?: AuditPeriod | undefined;
  /** RFC 3339. */
  since?: string | undefined;
  /** RFC 3339. */
  until?: string | undefined;
  status?: AuditStatus | undefined;
  /** `exact`: subject, action and target must match as a whole, as links need it. Default: any part of them. */
  match?: 'exact' | undefined;
}

export function accessSearch(raw: RawSearch): AccessSearch {
  const since = momentOf(textOf(raw['since']) ?? '');
  const until = momentOf(textOf(raw['until']) ?? '');
  return {
    tab: choiceOf(raw['tab'], ACCESS_TABS),
    by: choiceOf(raw['by'], USAGE_GROUPS),
    window: choiceOf(raw['window'], USAGE_WINDOWS),
    owner: textOf(raw['owner']),
    subject: textOf(raw['subject']),
    action: textOf(raw['action']),
    target: textOf(raw['target']),
    period: since === undefined && until === undefined ? choiceOf(raw['period'], AUDIT_PERIODS) : undefined,
    since,
    until,
    status: choiceOf(textOf(raw['status']), AUDIT_STATUSES),
    match: choiceOf(raw['match'], ['exact']),
  };
}
