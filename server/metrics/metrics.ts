import type { StatsHistory } from '@llamactl/contract/stats';
import type { SystemInfo, SystemStatus } from '@llamactl/contract/system';
import type { CountedInstance } from './ports.ts';

/** What is measured, for those who tell it on. */

/** This machine and this llamactl. */
export interface SystemView {
  /**
   * How many instances are in which state, and what the machine has left; figures of the last second.
   *
   * @param instances those that exist for whoever asks
   */
  status(instances: readonly CountedInstance[]): Promise<SystemStatus>;
  /** What does not change while llamactl runs. */
  info(): SystemInfo;
}

/** What instances used. */
export interface StatsHistoryView {
  /**
   * Steps of the last `windowSeconds` seconds, oldest first; none for an instance that did not run in them.
   *
   * @param name As it is told back; found without regard to case.
   */
  history(name: string, windowSeconds: number): StatsHistory;
}
