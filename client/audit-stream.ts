import { excerpt, objectOf } from './answer-error.ts';
import { readText } from './answer-text.ts';
import { ProtocolError } from './errors.ts';
import type { AuditRow } from './models.ts';
import type { CallOptions } from './options.ts';
import type { Transport } from './transport.ts';

/** Which rows of the audit trail are wanted. */
export interface AuditFilter {
  /** Only rows before this one. */
  before_seq?: number | undefined;
  /** At most so many. */
  limit?: number | undefined;
  /** Who did it. */
  subject?: string | undefined;
  /** What was done: the name of an operation, such as `startInstance`. */
  action?: string | undefined;
  /** To what. */
  target?: string | undefined;
}

const NDJSON = 'application/x-ndjson';

/**
 * The audit trail, newest row first, as long as it is: one answer, of which no more is held than was sent together.
 *
 * @throws {ConnectionError} when it breaks off
 */
export async function* streamAudit(
  transport: Transport,
  { limit, before_seq, subject, action, target, ...call }: AuditFilter & CallOptions,
): AsyncGenerator<AuditRow, void, void> {
  const answer = await transport.open({
    method: 'GET',
    path: '/api/audit',
    query: { limit, before_seq, subject, action, target },
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
  if (row === null) throw new ProtocolError(`${url} sent something that is no row: ${excerpt(line)}`, { url });
  return row as AuditRow;
}
