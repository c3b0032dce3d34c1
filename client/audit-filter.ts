import type { CallOptions } from './options.ts';

/** A filter for rows of the audit trail. */
export interface AuditFilter {
  /** Only rows with a smaller `seq`. */
  before_seq?: number | undefined;
  /** Most rows to return. */
  limit?: number | undefined;
  /** Only rows of this subject. */
  subject?: string | undefined;
  /** Only rows of this operation, such as `startInstance`, or of one of several: `startInstance,stopInstance`. */
  action?: string | undefined;
  /** Only rows with this target. A key can be named by its id alone. */
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

/** Splits options into the query, which filters rows, and the rest, which is about the call. */
export function splitAuditFilter(options: AuditFilter & CallOptions): {
  query: Required<AuditFilter>;
  call: CallOptions;
} {
  const { limit, before_seq, subject, action, target, match, since, until, status, ...call } = options;
  return { query: { limit, before_seq, subject, action, target, match, since, until, status }, call };
}
