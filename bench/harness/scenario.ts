import type { Belongings } from './belongings.ts';

/** What a scenario is given. */
export interface Bench {
  /** A short version is wanted, whose figures say little: that everything works is all it shows. */
  isQuick: boolean;
  /** Ended after the scenario, also when it fails or is interrupted. */
  belongings: Belongings;
  /** Fires when the scenario is interrupted or took too long. */
  signal: AbortSignal;
}

/** The unit of a number. */
export type Unit = 'ms' | 's' | '%' | 'MB' | 'KiB' | 'µs' | 'lines/s' | '×' | 'lines';

/** One number that each run of a scenario gives. */
export interface Figure {
  key: string;
  what: string;
  unit: Unit;
  /** The claim: the median is at most that. Absent: for information. */
  most?: number;
}

/** Figure key → what a run gave. */
export type Readings = Readonly<Record<string, number>>;

/** One measurement of the real program. */
export interface Scenario {
  /** Chosen by it on the command line; a word before a hyphen chooses all that begin so. */
  name: string;
  title: string;
  /** How it is measured, for readers of the results. */
  method: string;
  figures: readonly Figure[];
  /** Longest time of one run, including its preparation. */
  limitSeconds: number;
  /** Prepares what all runs share; the function it gives is called once a run. */
  open(bench: Bench): Promise<() => Promise<Readings>>;
}
