import { STATUSES, type InstanceSummary } from '@llamactl/contract/instance';
import { REQUEST_PHASES } from '@llamactl/contract/requests';
import type { StatsPoint } from '@llamactl/contract/stats';
import type { CountedActiveRequest } from './metrics-ports.ts';
import type { Exposition } from './exposition.ts';

/** The fields of an instance that its figures need. */
export type FiguredInstance = Pick<InstanceSummary, 'name' | 'status' | 'engine' | 'started_at'>;

/** Writes status and usage of instances. @param newestStats Of a running instance; `null`: not measured yet. */
export function writeInstanceFigures(
  exposition: Exposition,
  instances: readonly FiguredInstance[],
  newestStats: (name: string) => StatsPoint | null,
): void {
  const gauge = (name: string, help: string) => exposition.family(name, 'gauge', help);
  const counter = (name: string, help: string) => exposition.family(name, 'counter', help);
  const info = gauge('llamactl_instance_info', 'Always 1; labels that rarely change.');
  const status = gauge('llamactl_instance_status', '1 for the status that it has, 0 for the others.');
  const started = gauge('llamactl_instance_start_time_seconds', 'When its process began, Unix time.');
  const memory = gauge('llamactl_instance_memory_bytes', 'Resident memory of all its processes.');
  const gpuMemory = gauge('llamactl_instance_gpu_memory_bytes', 'Memory on all GPUs, where a tool reports it.');
  const cores = gauge('llamactl_instance_cpu_cores', 'Cores that it keeps busy.');
  const threads = gauge('llamactl_instance_threads', 'Threads of all its processes.');
  const read = counter('llamactl_instance_read_bytes_total', 'Read since its process began.');
  const written = counter('llamactl_instance_written_bytes_total', 'Written since its process began.');
  for (const { name: instance, status: present, engine, started_at: startedAt } of instances) {
    info.add(1, { instance, engine });
    for (const each of STATUSES) status.add(each === present ? 1 : 0, { instance, status: each });
    if (startedAt === null) continue;
    started.add(Date.parse(startedAt) / 1_000, { instance });
    const stats = newestStats(instance);
    if (stats === null) continue;
    memory.add(stats.memory_usage, { instance });
    if (stats.gpu_memory_usage !== null) gpuMemory.add(stats.gpu_memory_usage, { instance });
    cores.add(stats.cpu_usage / 100, { instance });
    threads.add(stats.threads, { instance });
    read.add(stats.read_bytes, { instance });
    written.add(stats.write_bytes, { instance });
  }
}

/** Counts requests by phase and instance, for {@link writeActiveRequests}. */
export function countActive(requests: readonly CountedActiveRequest[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { instance, phase } of requests) {
    const key = `${phase} ${instance}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}

/** Writes the number of requests by instance and phase. Leaves out requests for no instance. */
export function writeActiveRequests(
  exposition: Exposition,
  instances: readonly Pick<FiguredInstance, 'name'>[],
  requests: ReadonlyMap<string, number>,
): void {
  const family = exposition.family(
    'llamactl_requests_in_flight',
    'gauge',
    'Requests in flight. starting, queued: waiting; processing, streaming: sent to an engine.',
  );
  for (const { name: instance } of instances) {
    for (const phase of REQUEST_PHASES) family.add(requests.get(`${phase} ${instance}`) ?? 0, { instance, phase });
  }
}
