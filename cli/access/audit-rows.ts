import type { AuditFilter, AuditRow, Client } from '@llamactl/client';
import { recordedChange } from '../../format/setting-changes.ts';

interface AuditRequest extends Pick<AuditFilter, 'subject' | 'action' | 'target' | 'since' | 'until' | 'status'> {
  /** Most rows to return. */
  lines: number;
  /** Only rows before this one. */
  before?: number | undefined;
  signal: AbortSignal;
}

/** Rows per request. */
const PAGE = 1_000;

/** Reads audit rows, newest first, over as many pages as needed. */
export async function auditRows(client: Pick<Client, 'getAudit'>, request: AuditRequest): Promise<AuditRow[]> {
  const { lines, before: first, subject, action, ...others } = request;
  const who = subject === undefined ? undefined : subjectOf(subject);
  const operation = action === undefined ? undefined : operationOf(action);
  const rows: AuditRow[] = [];
  for (let before = first; rows.length < lines; before = rows.at(-1)?.seq) {
    const limit = Math.min(PAGE, lines - rows.length);
    const page = await client.getAudit({ ...others, limit, before_seq: before, subject: who, action: operation });
    rows.push(...page);
    if (page.length < limit) break;
  }
  return rows;
}

/** A bare name means an account: `ann` → `user:ann`. */
function subjectOf(subject: string): string {
  if (subject === NO_ACCOUNT) return ANONYMOUS;
  return subject === ANONYMOUS || subject.includes(':') ? subject : `user:${subject}`;
}

/** The caller of each request without an account. */
export const ANONYMOUS = 'anonymous';
/** The display of callers without an account. */
const NO_ACCOUNT = '-';

/** The caller of a row, for people. */
export function callerText(subject: string): string {
  return subject === ANONYMOUS ? NO_ACCOUNT : subject.replace(/^user:/, '');
}

/** Operations shown by their verb alone: they always act on the fleet. */
const FLEET = /^(apply|export)Fleet$/;

/** An operation of the API in words: `createKey` → `create key`, `applyFleet` → `apply`. */
export function actionText(operation: string): string {
  return operation.replace(FLEET, '$1').replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

/** The operation of an action, given in words or by its name in the API. */
function operationOf(action: string): string {
  const name = action.replaceAll(/ ([a-z])/g, (_, letter: string) => letter.toUpperCase());
  return name === 'apply' || name === 'export' ? `${name}Fleet` : name;
}

/** The changes of a row on one line: `role: viewer → admin, password`. A secret has no values. */
export function changesText({
  changes = [],
  more_changes: more = 0,
}: Pick<AuditRow, 'changes' | 'more_changes'>): string {
  const texts = changes.map((change) => {
    const { name, values } = recordedChange(change, '-');
    return values === null ? name : `${name}: ${values.from} → ${values.to}`;
  });
  return [...texts, ...(more > 0 ? [`${more} more`] : [])].join(', ');
}
