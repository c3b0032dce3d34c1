import type { Streams } from './screen/terminal.ts';

/** The program's access to the outside world. */
export interface Surroundings {
  streams: Streams;
  environment: Readonly<Record<string, string | undefined>>;
  /** Absolute. */
  home: string;
  /** Milliseconds since the epoch. */
  now: () => number;
  /** A signal that aborts at the first Ctrl-C. The second Ctrl-C ends the program. */
  interrupted: () => AbortSignal;
  /** Calls `act` at this interval until the returned function is called; keeps no process alive. */
  every: (milliseconds: number, act: () => void) => () => void;
  /**
   * After this call the program goes on when the reader of its output is gone. For commands whose work is not their
   * output.
   */
  outliveReaders: () => void;
}
