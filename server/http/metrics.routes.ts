import { OPERATIONS } from '@llamactl/contract/operations';
import type { InstanceManager } from '../instances/use-cases.ts';
import type { StatsHistoryView, SystemView } from '../metrics/metrics.ts';
import type { Bind } from './bind.ts';

/** What the routes of measurements tell. */
export interface Metrics {
  system: SystemView;
  stats: StatsHistoryView;
}

const DEFAULT_WINDOW_SECONDS = 3_600;

/** The seed's section "System", and the past of an instance. */
export function metricsRoutes(bind: Bind, manager: Pick<InstanceManager, 'get'>, { system, stats }: Metrics): void {
  bind(OPERATIONS.getSystemStatus, () => system.status());
  bind(OPERATIONS.getSystemInfo, () => system.info());
  bind(OPERATIONS.getInstanceStats, ({ params, query }) => {
    const { name } = manager.get(params.name);
    return stats.history(name, query.window ?? DEFAULT_WINDOW_SECONDS);
  });
}
