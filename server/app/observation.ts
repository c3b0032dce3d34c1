import type { Config } from '@llamactl/contract/config';
import { createTextReader } from '../engines/endpoint.ts';
import type { EventBus } from '../events/bus.ts';
import { createFeed, type Feed } from '../events/feed.ts';
import type { Alerts } from '../events/alerts.ts';
import { createInstanceAlerts } from '../events/instance-alerts.ts';
import type { DecisionSource } from '../events/decision-trace.ts';
import path from 'node:path';
import { MOST_FINISHED_REQUESTS } from '@llamactl/contract/requests';
import { FinishedRequests } from '../gateway/finished-requests.ts';
import { InFlightFile } from '../gateway/in-flight-file.ts';
import { RequestJournal } from '../gateway/request-journal.ts';
import { RequestFrames } from '../gateway/request-frames.ts';
import { RequestPulse } from '../gateway/request-pulse.ts';
import { Requests } from '../gateway/requests.ts';
import type { Instances } from '../instances/instances.ts';
import type { AlertSink } from '../instances/ports/alert-sink.ts';
import type { ListeningPorts } from '../instances/ports/listening-ports.ts';
import type { Clock } from '../instances/ports/time.ts';
import type { HostMeasurements } from './host-watch.ts';
import { GatewayCounters } from '../metrics/gateway-counters.ts';
import { createEngineScrape } from '../metrics/engine-scrape.ts';
import { createFigures, type Figures } from '../metrics/prometheus-figures.ts';
import type { LastFigures } from '../metrics/last-figures.ts';
import { LifeCounters } from '../metrics/life-counters.ts';
import { readSpaceFor } from '../metrics/disk-space.ts';
import { LoadPulse } from '../metrics/load-pulse.ts';
import type { StatsHistoryView, SystemHistoryView, SystemView } from '../metrics/metrics.ts';
import { createSampler } from '../metrics/sampler.ts';
import { Histories } from '../metrics/histories.ts';
import { ServedTally } from '../metrics/served-tally.ts';
import { SystemHistory } from '../metrics/system-history.ts';
import { createSystemSampler } from '../metrics/system-sampler.ts';
import { createSystemView, type SystemDependencies } from '../metrics/system.ts';
import { keepHistories } from './history-keeping.ts';
import { keepUsage, refusedBy, usedBy, type UsageKeeping } from './usage-keeping.ts';
import type { SlicedWork } from '../sliced-work.ts';
import type { Teardown } from './teardown.ts';

export interface ObservationParts {
  config: Config['stats'];
  clock: Clock;
  /** The program's version, its host, and when it was started. */
  program: Omit<SystemDependencies, 'host' | 'gpus' | 'clock' | 'folders' | 'groups' | 'diskSpace'> & {
    /** Milliseconds since the epoch. */ startedAt: number;
  };
  dataDirectory: string;
  work: SlicedWork;
  folders: SystemDependencies['folders'];
  groups: SystemDependencies['groups'];
  events: EventBus;
  alerts: AlertSink & Pick<Alerts, 'list'>;
  decisions: DecisionSource;
  instances: Pick<Instances, 'manager' | 'readyEngines' | 'useOf' | 'loads'>;
  machine: HostMeasurements;
  /** Gets the newest figures of instances. */
  figures: LastFigures;
  listeningPorts: Pick<ListeningPorts, 'portHolder'>;
  /** Called when an engine has first answered a request. */
  onFirstAnswer: () => void;
  onFault: (error: unknown, what: string) => void;
  teardown: Teardown;
}

/** Observations of instances, engines and requests, for queries and for the live feed. */
export interface Observation {
  feed: Feed;
  /** Requests to engines. */
  requests: Requests;
  stats: StatsHistoryView;
  machine: SystemHistoryView;
  system: SystemView;
  figures: Figures;
  usage: UsageKeeping;
  /** Begins to observe. Call it after instances have booted. */
  begin(): void;
  /** Writes histories before a hand-over. Never rejects. */
  writeAhead(): Promise<void>;
}

/** Builds all observers. They never change instances. */
export function observe(parts: ObservationParts): Observation {
  const { config, clock, program, events, alerts, decisions, instances, machine, listeningPorts, onFault, teardown } =
    parts;
  const { gpus, host } = machine;
  const { figures: lastFigures } = parts;
  const { manager } = instances;
  const feed = teardown.ending(
    createFeed({
      clock,
      bus: events,
      decisions,
      idOf: (name) => manager.idOf(name),
      onWishes: () => machineStats.noteChange(),
    }),
  );
  const histories = new Histories(clock, config.interval);
  const machineHistory = new SystemHistory(config.interval);
  const tally = new ServedTally();
  const kept = keepHistories({
    ...parts,
    intervalSeconds: config.interval,
    histories,
    machine: machineHistory,
    instances: manager,
  });
  const sampler = teardown.ending(
    createSampler({
      clock,
      intervalSeconds: config.interval,
      liveRuns: () => manager.liveRuns(),
      histories,
      served: (name) => tally.take(name),
      onSample: ({ name, run, stats: measured }) => {
        lastFigures.measured(name, run, measured);
        feed.stats({ name, stats: measured });
      },
      onFault,
    }),
  );
  const requestCounters = new GatewayCounters();
  const frames = new RequestFrames({
    clock,
    wants: (type) => feed.wants(type),
    view: (record) => requests.view(record, (name) => instances.useOf(name)?.status ?? null),
    send: (news) => feed.send(news),
  });
  const finished = new FinishedRequests(MOST_FINISHED_REQUESTS, (change) => journal.note(change));
  const journal = new RequestJournal(MOST_FINISHED_REQUESTS, {
    file: path.join(parts.dataDirectory, 'requests.jsonl'),
    clock,
    work: parts.work,
    all: () => finished.all,
    onFault,
  });
  teardown.add(() => journal.close());
  const inFlight: InFlightFile = teardown.ending(
    new InFlightFile({
      file: path.join(parts.dataDirectory, 'requests-in-flight.jsonl'),
      clock,
      requests: { older: (age, most) => requests.older(age, most), isIdle: () => requests.isIdle },
      onFault,
    }),
  );
  let hasAnswered = false;
  const usage = keepUsage(parts);
  const requests = new Requests({
    clock,
    finished,
    onBegin: (record) => {
      pulse.stir();
      inFlight.stir();
      frames.started(record);
    },
    onTokens: (instance, tokens) => tally.generated(instance, tokens),
    onFinished: (figures, record, generated) => {
      requestCounters.finished(figures);
      tally.finished(figures, generated);
      frames.finished(record);
      if (!hasAnswered && figures.outcome === 'ok') {
        hasAnswered = true;
        parts.onFirstAnswer();
      }
      usage.count(usedBy(record.author, figures, (name) => manager.idOf(name)));
    },
    onFinishedElsewhere: (request) => {
      requestCounters.finished(request);
      frames.finishedElsewhere(request);
      if (request.instance !== null) pulse.endedElsewhere(request.instance);
    },
    onRefused: (author) => usage.count(refusedBy(author)),
  });
  const pulse = teardown.ending(
    new RequestPulse({
      clock,
      requests,
      countsOf: (name) => instances.useOf(name),
      onChange: (data) => {
        lastFigures.generates(data.name, data.tokens_per_second);
        tally.waits(data.name, data.waiting);
        feed.send({ type: 'requests_updated', data });
      },
    }),
  );
  const loads = teardown.ending(
    new LoadPulse({
      clock,
      loads: () => instances.loads(),
      onProgress: (data) => feed.send({ type: 'instance_load_progress', data }),
    }),
  );
  const byName = [histories, tally, lastFigures, requestCounters, requests, pulse];
  const lives = new LifeCounters();
  events.subscribe((event) => {
    const { type, data } = event;
    lives.onEvent(event);
    if (type === 'instance_status_changed') {
      sampler.noteChange();
      loads.noteChange();
      machineStats.noteChange();
      requests.statusChanged(data.name, data.status);
    }
    if (type === 'instance_updated' && data.previous_name !== undefined) {
      for (const each of byName) each.rename(data.previous_name, data.name);
      const id = manager.idOf(data.name);
      if (id !== null) usage.renamed('instance', { id, name: data.name });
    }
    if (type !== 'instance_deleted') return;
    sampler.forget(data.name);
    for (const each of byName) each.forget(data.name);
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
  const system = createSystemView({
    host,
    gpus,
    clock,
    ...program,
    folders: parts.folders,
    groups: parts.groups,
    diskSpace: readSpaceFor,
  });
  const machineStats = teardown.ending(
    createSystemSampler({
      clock,
      intervalSeconds: config.interval,
      resources: () => system.resources(),
      isBusy: () => feed.wants('system_stats_updated') || manager.liveRuns().length > 0,
      onSample: (resources) => {
        machineHistory.push(resources, clock.now());
        feed.send({ type: 'system_stats_updated', data: { resources } });
      },
      onFault,
    }),
  );
  const figures = createFigures({
    clock,
    system,
    stats: histories,
    requests: requestCounters,
    lives,
    engines: createEngineScrape({
      clock,
      targets: () => instances.readyEngines(),
      read: createTextReader({ clock }),
    }),
    inFlight: (statusOf) => requests.list(statusOf),
    alerts: () => alerts.list(),
    startedAt: program.startedAt,
  });
  /** Lists the requests of earlier servers. Those that were in flight when the last one was killed get an end. */
  const restoreRequests = async (): Promise<void> => {
    const earlier = await journal.read();
    const cut = await inFlight.read(earlier);
    finished.addEarlier([...earlier, ...cut].toSorted((one, other) => one.seq - other.seq));
    for (const request of cut) journal.note({ kind: 'added', request });
  };
  return {
    feed,
    requests,
    stats: histories,
    machine: {
      history: (window) => ({
        window,
        interval: config.interval,
        points: machineHistory.points(window, clock.now()),
      }),
    },
    system,
    figures,
    usage,
    begin: () => {
      instanceAlerts.lookAtAll();
      sampler.noteChange();
      loads.noteChange();
      machineStats.noteChange();
      kept.restore().catch((error: unknown) => onFault(error, 'The histories could not be restored'));
      void usage.restore();
      void restoreRequests();
    },
    writeAhead: () => kept.writeAhead(),
  };
}
