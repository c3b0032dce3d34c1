/** One instance that a bulk operation has changed, as its own row of the audit trail has it. */
export interface InstanceChange {
  /** Id of the operation that makes the same change of one instance. */
  action: string;
  /** Name of the instance. */
  target: string;
}
