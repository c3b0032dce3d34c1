import type { FleetStats, StatsHistory, SystemStats } from '@llamactl/contract/stats';
import type { Resources, SystemInfo, SystemStatus } from '@llamactl/contract/system';
import type { CountedInstance } from './metrics-ports.ts';

/** Measurements, as the API and the exposition use them. */

/** Data about this machine and this llamactl. */
export interface SystemView {
  /**
   * Counts instances by status, and reports the machine's resources, at most a second old, and the limits of groups.
   *
   * @param instances the instances that the caller may see
   */
  status(instances: readonly CountedInstance[]): Promise<SystemStatus>;
  /** The machine's resources; at most a second old. */
  resources(): Promise<Resources>;
  /** The machine, llamactl, and the room in its folders now. */
  info(): Promise<SystemInfo>;
}

/** The use of the machine over time. */
export interface SystemHistoryView {
  /** Steps of the last `windowSeconds` seconds, oldest first. */
  history(windowSeconds: number): SystemStats;
}

/** The resource usage of instances. */
export interface StatsHistoryView {
  /**
   * Steps of the last `windowSeconds` seconds, oldest first; none for an instance that did not run in that time.
   *
   * @param name Returned as given; found regardless of case.
   */
  history(name: string, windowSeconds: number): StatsHistory;
  /** Resources and requests of these instances over time, in equal steps. @param points How many steps. */
  series(names: readonly string[], windowSeconds: number, points: number): Promise<FleetStats>;
}
