/** How long engines took to load, over restarts of llamactl. */
export interface LoadTimes {
  /** Seconds of the last loads of this kind, oldest first; empty: none is known. */
  of(kind: string): readonly number[];
  /** Adds a load. Old kinds are forgotten when there are too many. */
  add(kind: string, seconds: number): void;
  /** Forgets a kind. */
  forget(kind: string): void;
}
