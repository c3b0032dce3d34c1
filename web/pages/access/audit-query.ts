import type { AuditFilter } from '@llamactl/client';
import type { AccessSearch, AuditPeriod } from './access-search.ts';
import { actionsOf, type ActionWords } from './action-text.ts';

/** Days before today with which a period begins. */
const DAYS_BEFORE: Readonly<Record<AuditPeriod, number>> = { today: 0, '7d': 7, '30d': 30 };

/**
 * The filters of the audit trail, for the API.
 *
 * @param actions The words of actions, as the list shows them.
 * @param now Milliseconds since the epoch.
 */
export function auditFilter(
  { subject, action, target, period, since, until, status, match }: AccessSearch,
  actions: ActionWords,
  now: number,
): AuditFilter {
  const operation = match === undefined && action !== undefined ? actionsOf(action, actions) : action;
  const begin = period === undefined ? since : beginOf(period, now);
  return { subject, action: operation, target, since: begin, until, status, match: match ?? 'part' };
}

/** Whether any filter of the audit trail is set. */
export function hasAuditFilter({ subject, action, target, period, since, until, status }: AccessSearch): boolean {
  return [subject, action, target, period, since, until, status].some((filter) => filter !== undefined);
}

/** When a period begins: a midnight in the reader's time zone. */
function beginOf(period: AuditPeriod, now: number): string {
  const day = new Date(now);
  // By the calendar: a day may have 23 or 25 hours.
  return new Date(day.getFullYear(), day.getMonth(), day.getDate() - DAYS_BEFORE[period]).toISOString();
}
