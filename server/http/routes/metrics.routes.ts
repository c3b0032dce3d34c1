import { OPERATIONS } from '@llamactl/contract/operations';
import type { StatsHistoryView, SystemHistoryView, SystemView } from '../../metrics/metrics.ts';
import type { Bind } from '../operations.ts';

/** Measurements of the machine and of instances. */
export interface Metrics {
  system: SystemView;
  stats: StatsHistoryView;
  machine: SystemHistoryView;
}

const DEFAULT_WINDOW_SECONDS = 3_600;
const FLEET_WINDOW_SECONDS = 900;
const FLEET_POINTS = 60;

/** The section "System" of the API reference, and the history of an instance. */
export function metricsRoutes(bind: Bind, { system, stats, machine }: Metrics): void {
  bind(OPERATIONS.getSystemStatus, ({ manager }) => system.status(manager.list()));
  bind(OPERATIONS.getSystemInfo, () => system.info());
  bind(OPERATIONS.getSystemStats, ({ query }) => machine.history(query.window ?? DEFAULT_WINDOW_SECONDS));
  bind(OPERATIONS.getFleetStats, ({ query, manager }) => {
    const names = manager.list().map(({ name }) => name);
    return stats.series(names, query.window ?? FLEET_WINDOW_SECONDS, query.points ?? FLEET_POINTS);
  });
  bind(OPERATIONS.getInstanceStats, ({ params, query, manager }) => {
    const { name } = manager.get(params.name);
    return stats.history(name, query.window ?? DEFAULT_WINDOW_SECONDS);
  });
}
