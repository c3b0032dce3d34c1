import { OPERATIONS } from '@llamactl/contract/operations';
import type { StatsHistoryView, SystemView } from '../../metrics/metrics.ts';
import type { Bind } from '../operations.ts';

/** Measurements of the machine and of instances. */
export interface Metrics {
  system: SystemView;
  stats: StatsHistoryView;
}

const DEFAULT_WINDOW_SECONDS = 3_600;

/** The section "System" of the API reference, and the history of an instance. */
export function metricsRoutes(bind: Bind, { system, stats }: Metrics): void {
  bind(OPERATIONS.getSystemStatus, ({ manager }) => system.status(manager.list()));
  bind(OPERATIONS.getSystemInfo, () => system.info());
  bind(OPERATIONS.getInstanceStats, ({ params, query, manager }) => {
    const { name } = manager.get(params.name);
    return stats.history(name, query.window ?? DEFAULT_WINDOW_SECONDS);
  });
}
