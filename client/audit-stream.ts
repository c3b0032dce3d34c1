import { excerpt, objectOf } from './answer-error.ts';
import { readText } from './answer-text.ts';
import { ProtocolError } from './errors.ts';
import type { AuditRow } from './models.ts';
import type { CallOptions } from './options.ts';
import type { Transport } from './transport.ts';

/** A filter for rows of the audit trail. */
export interface AuditFilter {
  /** Only rows with a smaller `seq`. */
  before_seq?: number | undefined;
  /** Most rows to return. */
  limit?: number | undefined;
  /** Only rows of this subject. */
  subject?: string | undefined;
  /** Only rows of this operation, such as `startInstance`. */
  action?: string | undefined;
  /** Only rows with this target. */
  target?: string | undefined;
  /** `part`: subject, action and target match any part, in upper or lower case. Default `exact`. */
  match?: 'exact' | 'part' | undefined;
  /** Only rows of this time or later, RFC 3339. */
  since?: string | undefined;
  /** Only rows of before this time, RFC 3339. */
  until?: string | undefined;
  /** Only rows with this status, such as `403`, or of this class, such as `4xx`. */
  status?: string | undefined;
}

const NDJSON = 'application/x-ndjson';

/**
 * Yields the whole audit trail, newest row first, from one streamed answer. Only one chunk of it is in memory at a time.
 *
 * @throws {ConnectionError} If the connection breaks.
 */
export async function* streamAudit(
  transport: Transport,
  { limit, before_seq, subject, action, target, match, since, until, status, ...call }: AuditFilter & CallOptions,
): AsyncGenerator<AuditRow, void, void> {
  const answer = await transport.open({
    method: 'GET',
    path: '/api/audit',
    query: { limit, before_seq, subject, action, target, match, since, until, status },
    headers: { accept: NDJSON },
    ...call,
  });
  let rest = '';
  for await (const text of readText(answer, { mediaType: NDJSON, silence: transport.timeout })) {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      yield rowOf(line, answer.url);
      if (answer.deadline.reason !== null) throw answer.deadline.reason;
    }
  }
  if (rest !== '') yield rowOf(rest, answer.url);
}

function rowOf(line: string, url: string): AuditRow {
  const row: unknown = objectOf(line);
  if (row === null)
    throw new ProtocolError(`${url} sent a line that is not a row of the audit trail: ${excerpt(line)}`, { url });
  return row as AuditRow;
}
