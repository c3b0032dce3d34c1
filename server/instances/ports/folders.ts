/** Removes the folders of finished runs, never the folder of a watched run. */
export interface RunFolders {
  /**
   * Removes a folder of finished runs with its contents; a missing folder is ignored. A new folder created in its place
   * meanwhile stays.
   */
  discard(folder: string): Promise<void>;
  /** Removes the folders of old runs (named `<number>-…`) in `parent`, except the `newest` ones. */
  prune(parent: string, newest: number): Promise<void>;
  /** Removes every folder in `parent` whose name is not in `keep`. Resolves when their names are free again. */
  sweep(parent: string, keep: ReadonlySet<string>): Promise<Erasure>;
}

/** Folders that are moved away and being erased. Their names can be used again already. */
export interface Erasure {
  /** Rejects when something cannot be removed; the next sweep retries it. */
  erased: Promise<void>;
}
