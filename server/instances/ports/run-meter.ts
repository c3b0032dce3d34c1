import type { Stats } from '@llamactl/contract/stats';
import type { RunReference } from './runs.ts';

/** Measures runs: the supervisor's figures and the output of GPU tools. */
export interface RunMeter {
  /** `null`: the engine is dead. */
  stats(run: RunReference): Stats | null;
}
