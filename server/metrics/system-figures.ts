import type { SystemStatus } from '@llamactl/contract/system';
import { STATUSES } from '@llamactl/contract/instance';
import type { Exposition } from './exposition.ts';

/** Writes the machine's resources and the number of instances by status. */
export function writeSystemFigures(exposition: Exposition, { version, instances, resources }: SystemStatus): void {
  const gauge = (name: string, help: string) => exposition.family(name, 'gauge', help);
  gauge('llamactl_build_info', 'Always 1; the version of llamactl.').add(1, { version });
  const counts = gauge('llamactl_instances', 'Instances by status.');
  for (const status of STATUSES) counts.add(instances[status], { status });
  gauge('llamactl_host_cpu_ratio', 'How busy the cores of the machine are, 0 to 1.').add(resources.cpu_usage / 100);
  gauge('llamactl_host_memory_used_bytes', 'Memory that programs cannot get any more.').add(resources.memory_usage);
  gauge('llamactl_host_memory_total_bytes', 'Memory of the machine, or the share that llamactl may use.').add(
    resources.memory_total,
  );
  gauge('llamactl_host_disk_used_ratio', "How full the data directory's filesystem is, 0 to 1.").add(
    resources.disk_usage / 100,
  );
  const used = gauge('llamactl_gpu_memory_used_bytes', 'Used memory of the GPU.');
  const total = gauge('llamactl_gpu_memory_total_bytes', 'Memory of the GPU.');
  const busy = gauge('llamactl_gpu_utilization_ratio', 'How busy the GPU is, 0 to 1.');
  const temperature = gauge('llamactl_gpu_temperature_celsius', 'Temperature of the GPU.');
  const power = gauge('llamactl_gpu_power_watts', 'Power that the GPU draws.');
  for (const gpu of resources.gpus) {
    const labels = { gpu: String(gpu.index), vendor: gpu.vendor, name: gpu.name };
    if (gpu.memory_usage !== null) used.add(gpu.memory_usage, labels);
    if (gpu.memory_total !== null) total.add(gpu.memory_total, labels);
    if (gpu.utilization !== null) busy.add(gpu.utilization / 100, labels);
    if (gpu.temperature !== null) temperature.add(gpu.temperature, labels);
    if (gpu.power !== null) power.add(gpu.power, labels);
  }
}
