/** What a quickstart step is doing right now, for a line or a bar on the terminal. */
export interface Progress {
  /** Short name of the step: `engine`, `model`. */
  step: string;
  /** One sentence for people, without a full stop. */
  message: string;
  /** Bytes got so far, where they can be counted. */
  done?: number;
  /** Bytes there will be in all, where that is known. */
  total?: number;
}

/** Receives progress; called often (many times a second while bytes arrive), so it must be quick. */
export type OnProgress = (event: Progress) => void;
