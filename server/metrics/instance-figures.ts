import { STATUSES, type InstanceSummary } from '@llamactl/contract/instance';
import { REQUEST_PHASES } from '@llamactl/contract/requests';
import type { StatsPoint } from '@llamactl/contract/stats';
import type { CountedActiveRequest } from './metrics-ports.ts';
import { type Exposition, type Family, labelText, numberText } from './exposition.ts';

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
    // Built once for all figures of the instance: building it for each took most of the time.
    const labels = labelText({ instance });
    const add = (family: Family, value: number): void => family.addText(numberText(value), labels);
    info.add(1, { instance, engine });
    for (const each of STATUSES) status.addText(each === present ? '1' : '0', `${labels},status="${each}"`);
    if (startedAt === null) continue;
    add(started, Date.parse(startedAt) / 1_000);
    const stats = newestStats(instance);
    if (stats === null) continue;
    add(memory, stats.memory_usage);
    if (stats.gpu_memory_usage !== null) add(gpuMemory, stats.gpu_memory_usage);
    add(cores, stats.cpu_usage / 100);
    add(threads, stats.threads);
    add(read, stats.read_bytes);
    add(written, stats.write_bytes);
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
    const labels = labelText({ instance });
    for (const phase of REQUEST_PHASES) {
      const count = requests.size === 0 ? 0 : (requests.get(`${phase} ${instance}`) ?? 0);
      family.addText(String(count), `${labels},phase="${phase}"`);
    }
  }
}
