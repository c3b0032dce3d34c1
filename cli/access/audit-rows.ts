import type { AuditRow, Client } from '@llamactl/client';

interface AuditRequest {
  /** Most rows to return. */
  lines: number;
  subject?: string | undefined;
  action?: string | undefined;
  target?: string | undefined;
  /** Only rows before this one. */
  before?: number | undefined;
  signal: AbortSignal;
}

/** Rows per request. */
const PAGE = 1_000;

/** Reads audit rows, newest first, over as many pages as needed. */
export async function auditRows(client: Pick<Client, 'getAudit'>, request: AuditRequest): Promise<AuditRow[]> {
  const { lines, subject, action, target, signal } = request;
  const who = subject === undefined ? undefined : subjectOf(subject);
  const rows: AuditRow[] = [];
  for (let before = request.before; rows.length < lines; before = rows.at(-1)?.seq) {
    const limit = Math.min(PAGE, lines - rows.length);
    const page = await client.getAudit({ limit, before_seq: before, subject: who, action, target, signal });
    rows.push(...page);
    if (page.length < limit) break;
  }
  return rows;
}

/** A bare name means an account: `ann` → `user:ann`. */
function subjectOf(subject: string): string {
  return subject === 'anonymous' || subject.includes(':') ? subject : `user:${subject}`;
}
