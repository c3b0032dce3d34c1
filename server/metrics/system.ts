import os from 'node:os';
import type { Config } from '@llamactl/contract/config';
import { STATUSES, type Status } from '@llamactl/contract/instance';
import { codeOf } from '@llamactl/contract/reason';
import type { Folder, GroupLimits, Resources } from '@llamactl/contract/system';
import type { Clock } from '../instances/ports/time.ts';
import { type FolderSpace, usagePercent } from './disk-space.ts';
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
  /** The data directory and the folders of models, absolute. */
  folders: readonly Pick<Folder, 'kind' | 'path'>[];
  groups: Config['groups'];
  /** @throws {Error} Node's, when the folder does not exist */
  diskSpace: (folder: string) => Promise<FolderSpace>;
}

export function createSystemView(dependencies: SystemDependencies): SystemView {
  const { host, gpus, clock, begunAt, version, buildTime, commit, hostname, folders, groups, diskSpace } = dependencies;
  // read once: the result is long on a machine with many cores
  const processors = os.cpus();
  const cpuModel = processors[0]?.model.trim() ?? '';
  const resources = async (): Promise<Resources> => {
    const [measured, gpuList] = await Promise.all([host.resources(), gpus.list()]);
    return {
      cpu_usage: measured.cpuUsage,
      memory_usage: measured.memory.usage,
      memory_total: measured.memory.total,
      disk_usage: usagePercent(measured.disk),
      disk_total: measured.disk.used + measured.disk.available,
      disk_free: measured.disk.available,
      gpus: gpuList,
    };
  };
  return {
    resources,
    status: async (instances) => ({
      version,
      uptime: Math.max(0, Math.floor((clock.elapsed() - begunAt) / 1_000)),
      instances: countsOf(instances),
      resources: await resources(),
      groups: limitsOf(groups, instances),
    }),
    info: async () => ({
      hostname,
      os: process.platform === 'darwin' ? 'darwin' : 'linux',
      arch: goArchitecture(process.arch, os.endianness()),
      cpu_count: Math.max(1, processors.length),
      cpu_model: cpuModel === '' || cpuModel === 'unknown' ? null : cpuModel,
      memory_total: host.memory().total,
      version,
      build_time: buildTime,
      commit,
      folders: await Promise.all(folders.map((folder) => withSpace(folder, diskSpace))),
    }),
  };
}

async function withSpace(
  folder: Pick<Folder, 'kind' | 'path'>,
  diskSpace: SystemDependencies['diskSpace'],
): Promise<Folder> {
  try {
    const { used, available, device } = await diskSpace(folder.path);
    return { ...folder, disk_total: used + available, disk_free: available, filesystem: device };
  } catch (error) {
    // The disk does not answer, or our user may not look at the folder.
    if (codeOf(error) !== null) return { ...folder, disk_total: null, disk_free: null, filesystem: null };
    throw error;
  }
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

/** The limits of the groups that these instances name. */
function limitsOf(groups: Config['groups'], instances: readonly CountedInstance[]): GroupLimits[] {
  const named = new Set(instances.map(({ group }) => group));
  return Object.entries(groups)
    .filter(([name]) => named.has(name))
    .map(([name, { max_running = null, exclusive = false, pinned = false }]) => {
      return { name, max_running, exclusive, pinned };
    })
    .toSorted((one, other) => (one.name < other.name ? -1 : 1));
}

function countsOf(instances: readonly CountedInstance[]): Record<Status, number> & { total: number } {
  const counts = Object.fromEntries(STATUSES.map((status) => [status, 0])) as Record<Status, number>;
  for (const { status } of instances) counts[status] += 1;
  return { total: instances.length, ...counts };
}
