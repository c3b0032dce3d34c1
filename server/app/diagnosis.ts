import type { Config } from '@llamactl/contract/config';
import { Doctor } from '../doctor/doctor.ts';
import { examineMachine } from '../doctor/machine-checks.ts';
import type { Alerts } from '../events/alerts.ts';
import type { ConfigEditor } from '../http/routes/config.routes.ts';
import { createInspection } from '../inspection.ts';
import type { Clock } from '../instances/ports/time.ts';
import type { InstanceManager } from '../instances/use-cases.ts';
import type { Models } from '../models/library.ts';
import { lookInThread } from '../store/database-thread.ts';
import type { HostMeasurements } from './host-watch.ts';

export interface DiagnosisParts {
  clock: Clock;
  /** Build time of this program, RFC 3339. */
  built: string;
  config: Config;
  dataDirectory: string;
  configEditor: Pick<ConfigEditor, 'view'>;
  alerts: Pick<Alerts, 'list'>;
  models: Models;
  instances: Pick<InstanceManager, 'list' | 'health'>;
  machine: Pick<HostMeasurements, 'gpus'>;
  /** The port on which this server listens. */
  port: () => number;
}

/** Longest time for one answer of an engine or tool: three of them fit into an examination. */
const LONGEST_TOOL_MS = 8_000;

/** Opens the doctor of this server. Until the first examination it costs nothing. */
export function openDoctor(parts: DiagnosisParts): Doctor {
  const { clock, built, config, dataDirectory, configEditor, alerts, models, instances, machine, port } = parts;
  const inspection = () => {
    const own = createInspection(dataDirectory);
    return {
      ...own,
      runTool: (command, args, options) =>
        own.runTool(command, args, { ...options, timeoutMs: Math.min(options.timeoutMs, LONGEST_TOOL_MS) }),
      // This server listens there, perhaps by the socket of the process that it replaced.
      portHolder: (wanted) =>
        wanted === port() ? Promise.resolve({ pid: process.pid, description: 'llamactl' }) : own.portHolder(wanted),
      gpus: () => machine.gpus.list(),
      models: async () => models.list(),
      database: lookInThread,
    } satisfies typeof own;
  };
  return new Doctor({
    clock,
    built,
    configuration: () => configEditor.view(),
    alerts: () => alerts.list(),
    models: () => models.list(),
    instances,
    machine: () =>
      examineMachine({
        // A reload may listen on another port than the configured one.
        config: { ...config, server: { ...config.server, port: port() } },
        inspection: inspection(),
        uid: process.getuid?.() ?? null,
        serverPid: process.pid,
        knownPorts: new Set(instances.list().map(({ port: own }) => own)),
        searcher: null,
      }),
  });
}
