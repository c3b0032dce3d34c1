import type { AlertSink } from '../instances/ports/alert-sink.ts';
import type { RunMeter } from '../instances/ports/run-meter.ts';
import type { Runs } from '../instances/ports/runs.ts';
import type { Clock } from '../instances/ports/time.ts';
import { readDiskSpace } from '../metrics/disk-space.ts';
import { watchDisk } from '../metrics/disk-watch.ts';
import { createGpus, type Gpus } from '../metrics/gpu/gpu.ts';
import { createHost, type Host } from '../metrics/host.ts';
import { watchMemory } from '../metrics/memory-watch.ts';
import { createRunMeter } from '../metrics/meter.ts';
import { findExecutable } from '../supervisor/executable.ts';
import type { RunTool } from '../supervisor/tool.ts';
import type { Teardown } from './teardown.ts';

export interface HostWatchParts {
  clock: Clock;
  dataDirectory: string;
  /** PATH for the GPUs' tools. */
  searchPath: string;
  runTool: RunTool;
  runs: Pick<Runs, 'stats' | 'pids'>;
  alerts: AlertSink;
  onFault: (error: unknown, what: string) => void;
  teardown: Teardown;
}

/** Measurements of this machine and of the runs on it. */
export interface HostMeasurements {
  gpus: Gpus;
  meter: RunMeter;
  host: Host;
}

/** Measures the machine, and warns when its disk or its memory runs short. */
export function watchHost(parts: HostWatchParts): HostMeasurements {
  const { clock, dataDirectory, searchPath, runTool, runs, alerts, onFault, teardown } = parts;
  const findTool = async (command: string): Promise<string | null> =>
    findExecutable(command, searchPath).catch(() => null);
  const gpus = createGpus({ runTool, findTool, clock, onFault });
  const meter = createRunMeter({ runs, gpus });
  const diskSpace = () => readDiskSpace(dataDirectory);
  teardown.ending(watchDisk({ clock, alerts, diskSpace, onFault }));
  const host = createHost({ clock, diskSpace });
  teardown.ending(watchMemory({ clock, alerts, memory: () => host.memory(), onFault }));
  return { gpus, meter, host };
}
