import { excerpt, objectOf } from './answer-error.ts';
import { readText } from './answer-text.ts';
import { splitAuditFilter, type AuditFilter } from './audit-filter.ts';
import { ProtocolError } from './errors.ts';
import type { AuditRow } from './models.ts';
import type { CallOptions } from './options.ts';
import type { Transport } from './transport.ts';

const NDJSON = 'application/x-ndjson';

/**
 * Yields the whole audit trail, newest row first, from one streamed answer. Only one chunk of it is in memory at a time.
 *
 * @throws {ConnectionError} If the connection breaks.
 */
export async function* streamAudit(
  transport: Transport,
  options: AuditFilter & CallOptions,
): AsyncGenerator<AuditRow, void, void> {
  const { query, call } = splitAuditFilter(options);
  const answer = await transport.open({
    method: 'GET',
    path: '/api/audit',
    query,
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
