import type { Config } from '@llamactl/contract/config';
import { createTextReader } from '../engines/endpoint.ts';
import type { EventBus } from '../events/bus.ts';
import { createFeed, type Feed } from '../events/feed.ts';
import { createInstanceAlerts } from '../events/instance-alerts.ts';
import type { DecisionSource } from '../events/decision-trace.ts';
import path from 'node:path';
import { MOST_FINISHED_REQUESTS } from '@llamactl/contract/requests';
import { FinishedRequests } from '../gateway/finished-requests.ts';
import { RequestJournal } from '../gateway/request-journal.ts';
import { Requests } from '../gateway/requests.ts';
import type { Instances } from '../instances/instances.ts';
import type { AlertSink } from '../instances/ports/alert-sink.ts';
import type { ListeningPorts } from '../instances/ports/listening-ports.ts';
import type { Clock } from '../instances/ports/time.ts';
import type { HostMeasurements } from './host-watch.ts';
import { GatewayCounters } from '../metrics/gateway-counters.ts';
import { createEngineScrape } from '../metrics/engine-scrape.ts';
import { createFigures, type Figures } from '../metrics/prometheus-figures.ts';
import { LifeCounters } from '../metrics/life-counters.ts';
import type { SystemView } from '../metrics/metrics.ts';
import { createSampler, type Sampler } from '../metrics/sampler.ts';
import { readSpaceFor } from '../metrics/disk-space.ts';
import { createSystemView, type SystemDependencies } from '../metrics/system.ts';
import type { SlicedWork } from '../sliced-work.ts';
import type { Teardown } from './teardown.ts';

export interface ObservationParts {
  config: Config['stats'];
  clock: Clock;
  /** The program's version, its host, and when it was started. */
  program: Omit<SystemDependencies, 'host' | 'gpus' | 'clock' | 'folders' | 'diskSpace'> & {
    /** Milliseconds since the epoch. */ startedAt: number;
  };
  dataDirectory: string;
  work: SlicedWork;
  folders: SystemDependencies['folders'];
  events: EventBus;
  alerts: AlertSink;
  decisions: DecisionSource;
  instances: Pick<Instances, 'manager' | 'readyEngines'>;
  machine: HostMeasurements;
  listeningPorts: Pick<ListeningPorts, 'portHolder'>;
  onFault: (error: unknown, what: string) => void;
  teardown: Teardown;
}

/** Observations of instances, engines and requests, for queries and for the live feed. */
export interface Observation {
  feed: Feed;
  /** Requests to engines. */
  requests: Requests;
  stats: Sampler;
  system: SystemView;
  figures: Figures;
  /** Begins to observe. Call it after instances have booted. */
  begin(): void;
}

/** Builds all observers. They never change instances. */
export function observe(parts: ObservationParts): Observation {
  const { config, clock, program, events, alerts, decisions, instances, machine, listeningPorts, onFault, teardown } =
    parts;
  const { gpus, host } = machine;
  const { manager } = instances;
  const feed = teardown.ending(createFeed({ clock, bus: events, decisions, idOf: (name) => manager.idOf(name) }));
  const stats = teardown.ending(
    createSampler({
      clock,
      intervalSeconds: config.interval,
      liveRuns: () => manager.liveRuns(),
      onSample: (sample) => feed.stats(sample),
      onFault,
    }),
  );
  const requestCounters = new GatewayCounters();
  const finished = new FinishedRequests(MOST_FINISHED_REQUESTS, (change) => journal.note(change));
  const journal = new RequestJournal(MOST_FINISHED_REQUESTS, {
    file: path.join(parts.dataDirectory, 'requests.jsonl'),
    clock,
    work: parts.work,
    all: () => finished.all,
    onFault,
  });
  teardown.add(() => journal.close());
  const requests = new Requests({ clock, finished, onFinished: (figures) => requestCounters.finished(figures) });
  const lives = new LifeCounters();
  events.subscribe((event) => {
    const { type, data } = event;
    lives.onEvent(event);
    if (type === 'instance_status_changed') {
      stats.noteChange();
      requests.statusChanged(data.name, data.status);
    }
    if (type === 'instance_updated' && data.previous_name !== undefined)
      for (const kept of [stats, requestCounters, requests]) kept.rename(data.previous_name, data.name);
    if (type !== 'instance_deleted') return;
    stats.forget(data.name);
    requestCounters.forget(data.name);
    requests.forget(data.name);
  });
  const instanceAlerts = teardown.ending(
    createInstanceAlerts({
      clock,
      alerts,
      events,
      instances: manager,
      gpus: () => gpus.list(),
      portHolder: (wanted) => listeningPorts.portHolder(wanted),
      onFault,
    }),
  );
  const system = createSystemView({ host, gpus, clock, folders: parts.folders, diskSpace: readSpaceFor, ...program });
  const figures = createFigures({
    clock,
    system,
    stats,
    requests: requestCounters,
    lives,
    engines: createEngineScrape({
      clock,
      targets: () => instances.readyEngines(),
      read: createTextReader({ clock }),
    }),
    inFlight: (statusOf) => requests.list(statusOf),
    startedAt: program.startedAt,
  });
  return {
    feed,
    requests,
    stats,
    system,
    figures,
    begin: () => {
      instanceAlerts.lookAtAll();
      stats.noteChange();
      void journal.read().then((earlier) => finished.addEarlier(earlier));
    },
  };
}
