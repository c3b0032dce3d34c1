import type { Stats } from '@llamactl/contract/stats';

/** The last figures of running instances, which others measure. Reads memory only, because a list asks for each row. */
export interface LiveFigures {
  /** The last measurement of this run; `null`: it was not measured yet. @param name Name of the instance. */
  stats(name: string, run: number): Stats | null;
  /** Tokens that the instance's engine generates per second; 0: none. */
  tokensPerSecond(name: string): number;
}
