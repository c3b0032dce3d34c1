import type { Status } from '@llamactl/contract/instance';
import type { StatsPoint } from '@llamactl/contract/stats';
import type { Alert } from '@llamactl/contract/system';
import type { Clock } from '../instances/ports/time.ts';
import type { GatewayCounters } from './gateway-counters.ts';
import type { EngineScrape } from './engine-scrape.ts';
import { countActive, type FiguredInstance, InstanceFigures } from './instance-figures.ts';
import type { LifeCounters } from './life-counters.ts';
import type { StatsHistoryView, SystemView } from './metrics.ts';
import type { CountedActiveRequest } from './metrics-ports.ts';
import { writeProcessFigures } from './process-figures.ts';
import { Exposition } from './exposition.ts';
import { writeSystemFigures } from './system-figures.ts';

/** All measurements and counters in the Prometheus text format. */
export interface Figures {
  /** @param instances The instances that the caller may see; the text has no others. */
  text(instances: readonly FiguredInstance[]): Promise<Buffer>;
}

export interface FiguresDependencies {
  clock: Pick<Clock, 'nextTurn'>;
  system: SystemView;
  stats: StatsHistoryView;
  requests: GatewayCounters;
  lives: LifeCounters;
  engines: EngineScrape;
  /** Requests in flight. @param statusOf Status of an instance; `null`: no such instance. */
  inFlight: (statusOf: (instance: string) => Status | null) => readonly CountedActiveRequest[];
  /** The alerts that are raised now. */
  alerts: () => readonly Pick<Alert, 'code' | 'level' | 'instance'>[];
  /** When llamactl started, milliseconds since the epoch. */
  startedAt: number;
}

/** Instances written in one turn of the event loop: a thousand with requests make 6 MB of text. */
const INSTANCES_A_TURN = 100;

export function createFigures(dependencies: FiguresDependencies): Figures {
  const { clock, system, stats, requests, lives, engines, inFlight, alerts, startedAt } = dependencies;
  const figures = new InstanceFigures();
  const nextTurn = (): Promise<void> => new Promise((resolve) => clock.nextTurn(resolve));

  /** The newest point of the last three intervals: an older one may belong to another run. `null`: none. */
  const newestStats = (name: string): StatsPoint | null => {
    const { interval } = stats.history(name, 0);
    return stats.history(name, interval * 3).points.at(-1) ?? null;
  };

  return {
    text: async (instances) => {
      const [status] = await Promise.all([system.status(instances), engines.refresh()]);
      const exposition = new Exposition();
      const statuses = new Map(instances.map((each) => [each.name, each.status]));
      const active = countActive(inFlight((instance) => statuses.get(instance) ?? null));
      writeSystemFigures(exposition, status);
      writeAlerts(exposition, alerts(), statuses);
      await writeProcessFigures(exposition, startedAt);
      requests.writeUnrouted(exposition);
      for (let at = 0; at < instances.length; at += INSTANCES_A_TURN) {
        const some = instances.slice(at, at + INSTANCES_A_TURN);
        const names = some.map(({ name }) => name);
        figures.write(exposition, some, newestStats);
        lives.write(exposition, some);
        figures.writeActive(exposition, some, active);
        requests.write(exposition, names);
        engines.write(exposition, names);
        await nextTurn();
      }
      return exposition.bytes();
    },
  };
}

/**
 * Writes the raised alerts.
 *
 * @param visible The instances that the caller may see, by name; alerts about others are left out.
 */
function writeAlerts(
  exposition: Exposition,
  alerts: ReturnType<FiguresDependencies['alerts']>,
  visible: ReadonlyMap<string, Status>,
): void {
  const raised = exposition.family('llamactl_alert', 'gauge', '1 while the alert is raised.');
  for (const { code, level, instance } of alerts) {
    // An empty label keeps Prometheus from naming its target there.
    if (instance === undefined || visible.has(instance)) raised.add(1, { code, level, instance: instance ?? '' });
  }
}
