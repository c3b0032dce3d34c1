import type { AuditFilter } from '@llamactl/client';
import type { AccessSearch } from './access-search.ts';
import { actionsOf, type ActionWords } from './action-text.ts';

/** The filters of the audit trail, for the API. @param actions The words of actions, as the list shows them. */
export function auditFilter(
  { subject, action, target, since, until, status, match }: AccessSearch,
  actions: ActionWords,
): AuditFilter {
  const operation = match === undefined && action !== undefined ? actionsOf(action, actions) : action;
  return { subject, action: operation, target, since, until, status, match: match ?? 'part' };
}
