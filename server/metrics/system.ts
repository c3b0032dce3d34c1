import os from 'node:os';
import { STATUSES, type Status } from '@llamactl/contract/instance';
import type { Clock } from '../instances/ports/time.ts';
import type { Gpus } from './gpu/gpu.ts';
import type { Host } from './host.ts';
import type { SystemView } from './metrics.ts';
import type { CountedInstance } from './metrics-ports.ts';

export interface SystemDependencies {
  host: Host;
  gpus: Pick<Gpus, 'list'>;
  clock: Pick<Clock, 'elapsed'>;
  /** When llamactl started, by {@link Clock.elapsed}. */
  begunAt: number;
  version: string;
  /** RFC 3339. */
  buildTime: string;
  /** Commit of the source; `null`: unknown. */
  commit: string | null;
  hostname: string;
}

export function createSystemView(dependencies: SystemDependencies): SystemView {
  const { host, gpus, clock, begunAt, version, buildTime, commit, hostname } = dependencies;
  // read once: the result is long on a machine with many cores
  const cpuCount = Math.max(1, os.cpus().length);
  return {
    status: async (instances) => {
      const [resources, gpuList] = await Promise.all([host.resources(), gpus.list()]);
      return {
        version,
        uptime: Math.max(0, Math.floor((clock.elapsed() - begunAt) / 1_000)),
        instances: countsOf(instances),
        resources: {
          cpu_usage: resources.cpuUsage,
          memory_usage: resources.memory.usage,
          memory_total: resources.memory.total,
          disk_usage: resources.diskUsage,
          gpus: gpuList,
        },
      };
    },
    info: () => ({
      hostname,
      os: process.platform === 'darwin' ? 'darwin' : 'linux',
      arch: goArchitecture(process.arch, os.endianness()),
      cpu_count: cpuCount,
      memory_total: host.memory().total,
      version,
      build_time: buildTime,
      commit,
    }),
  };
}

/** Translates Node's name of an architecture to Go's. Returns all other names unchanged. */
export function goArchitecture(name: string, endianness: 'BE' | 'LE'): string {
  const names: Record<string, string> = {
    x64: 'amd64',
    ia32: '386',
    mipsel: 'mipsle',
    ppc64: endianness === 'LE' ? 'ppc64le' : 'ppc64',
  };
  return names[name] ?? name;
}

function countsOf(instances: readonly CountedInstance[]): Record<Status, number> & { total: number } {
  const counts = Object.fromEntries(STATUSES.map((status) => [status, 0])) as Record<Status, number>;
  for (const { status } of instances) counts[status] += 1;
  return { total: instances.length, ...counts };
}
