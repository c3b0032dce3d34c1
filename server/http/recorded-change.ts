import type { AuditChange } from '@llamactl/contract/auth';

/** One object that a request has changed beside its own, as its own row of the audit trail has it. */
export interface RecordedChange {
  /** Id of the operation that makes the same change of one object. */
  action: string;
  /** Name of the instance, or the key as `ID (NAME)`. */
  target: string;
  /** Its old and new values; left out: none are recorded. */
  edits?: readonly AuditChange[] | undefined;
}
