import type { AuditRow } from '@llamactl/contract/auth';
import { OPERATIONS } from '@llamactl/contract/operations';
import type { AuditTrail } from '../../auth/audit.ts';
import type { AuditQuery } from '../../auth/auth-ports.ts';
import { prefers } from '../bodies/accept.ts';
import { streamAnswer, textAnswer } from '../answer.ts';
import type { Bind, Input } from '../operations.ts';
import { JSON_HEADERS } from '../errors.ts';

type Reader = Pick<AuditTrail, 'read'>;

const NDJSON = 'application/x-ndjson';
const DEFAULT_ROWS = 100;
const PAGE_ROWS = 1_000;

/** The audit trail: a page as JSON, or all rows line by line. */
export function auditRoutes(bind: Bind, audit: Reader): void {
  bind(OPERATIONS.getAudit, async ({ query, headers: { accept }, isHead }) => {
    if (!prefers(accept, NDJSON, ['application/json'])) {
      return { audit: await audit.read({ ...queryOf(query), limit: query.limit ?? DEFAULT_ROWS }) };
    }
    const headers = { ...JSON_HEADERS, 'content-type': `${NDJSON}; charset=utf-8` };
    // Answer a HEAD with the headers of the complete answer.
    return isHead ? textAnswer('', headers) : streamAnswer(lines(audit, query), headers, { isLive: false });
  });
}

type Query = Input<typeof OPERATIONS.getAudit>['query'];

function queryOf({
  before_seq: beforeSeq,
  subject,
  action,
  target,
  match,
  since,
  until,
  status,
}: Query): Omit<AuditQuery, 'limit'> {
  return {
    beforeSeq: beforeSeq ?? null,
    subject: subject ?? null,
    actions: action?.split(',').filter((one) => one !== '') ?? null,
    target: target ?? null,
    isPart: match === 'part',
    since: since === undefined ? undefined : new Date(since).toISOString(),
    until: until === undefined ? undefined : new Date(until).toISOString(),
    statuses:
      status === undefined ? undefined : [Number(status.replace('xx', '00')), Number(status.replace('xx', '99'))],
  };
}

/** Yields the rows as lines. Reads a page of rows only after the previous page was consumed. */
async function* lines(audit: Reader, query: Query): AsyncGenerator<string> {
  let left = query.limit ?? Infinity;
  const filter = queryOf(query);
  let { beforeSeq } = filter;
  while (left > 0) {
    const limit = Math.min(left, PAGE_ROWS);
    const rows = await audit.read({ ...filter, beforeSeq, limit });
    if (rows.length > 0) yield rows.map(lineOf).join('');
    if (rows.length < limit) return;
    left -= rows.length;
    beforeSeq = rows.at(-1)?.seq ?? 0;
  }
}

function lineOf(row: AuditRow): string {
  return `${JSON.stringify(row)}\n`;
}
