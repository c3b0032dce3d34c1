/** Progress of a quickstart step, for a line or bar on the terminal. */
export interface Progress {
  /** Short name of the step: `engine`, `model`. */
  step: string;
  /** A phrase for people, without a full stop. */
  message: string;
  /** Bytes received so far, if countable. */
  done?: number;
  /** Total bytes, if known. */
  total?: number;
}

/** Receives progress, many times a second during downloads, so it must be fast. */
export type OnProgress = (event: Progress) => void;
