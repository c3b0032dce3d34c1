/** Folders that are moved away and being erased. Their names can be used again already. */
export interface Erasure {
  /** Rejects when something cannot be removed; the next sweep retries it. */
  erased: Promise<void>;
}
