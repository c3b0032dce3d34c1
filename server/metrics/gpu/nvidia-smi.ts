import type { Gpu } from '@llamactl/contract/system';
import { addGpuMemory, addMemory, figure, memory, silence, type GpuReading, type GpuTool } from './reading.ts';

const GPU_QUERY = [
  '--query-gpu=index,name,memory.total,memory.used,utilization.gpu,temperature.gpu,power.draw',
  '--format=csv,noheader,nounits',
];
const INDEX_QUERY = ['--query-gpu=index,uuid', '--format=csv,noheader'];
const PROCESS_QUERY = ['--query-compute-apps=pid,used_memory,gpu_uuid', '--format=csv,noheader,nounits'];

/** Number of columns after the name. The name itself may contain commas. */
const FIGURES = 5;

/** NVIDIA's tool, part of the driver. Without the driver's persistence mode it may take a second. */
export const NVIDIA_SMI: GpuTool = {
  vendor: 'nvidia',
  // the second path is WSL's; services do not have it on their PATH
  commands: ['nvidia-smi', '/usr/lib/wsl/lib/nvidia-smi'],
  read: async (call, indexes) => {
    const answer = await call(GPU_QUERY);
    const gpus = parseNvidiaGpus(answer.stdout);
    if (gpus.length === 0) {
      if (isEmpty(answer.stdout)) return { gpus, memoryByPid: new Map(), memoryByGpu: new Map() };
      throw silence(answer);
    }
    const processes = await call(PROCESS_QUERY);
    if (processes.code !== 0) throw silence(processes);
    const unknown = unknownGpus(processes.stdout, indexes);
    if (unknown.length > 0) {
      const found = parseNvidiaIndexes((await call(INDEX_QUERY)).stdout);
      for (const [index, uuid] of found) indexes.set(index, uuid);
      // Do not ask for them at each reading.
      for (const uuid of unknownGpus(processes.stdout, indexes)) indexes.set(-1 - indexes.size, uuid);
    }
    return { gpus, ...parseNvidiaProcesses(processes.stdout, indexes) };
  },
};

/** Parses rows of `--query-gpu`. Skips other lines, such as the message about a lost GPU. */
export function parseNvidiaGpus(text: string): Gpu[] {
  return text.split('\n').flatMap((line) => {
    const cells = line.split(',').map((cell) => cell.trim());
    const index = /^\d+$/.test(cells[0] ?? '') ? Number(cells[0]) : null;
    if (index === null || cells.length < FIGURES + 2) return [];
    const [total, used, utilization, temperature, power] = cells.slice(-FIGURES);
    return [
      {
        index,
        vendor: 'nvidia' as const,
        name: cells.slice(1, -FIGURES).join(', '),
        memory_total: memory(total, 'MIB'),
        memory_usage: memory(used, 'MIB'),
        utilization: figure(utilization),
        temperature: figure(temperature),
        power: figure(power),
      },
    ];
  });
}

/** GPUs of processes whose index is not known yet. */
function unknownGpus(processes: string, indexes: ReadonlyMap<number, string>): string[] {
  const known = new Set(indexes.values());
  const named = processes.matchAll(/,\s*(GPU-\S+)\s*$/gm);
  return [...new Set([...named].map(([, uuid = '']) => uuid))].filter((uuid) => !known.has(uuid));
}

/** Parses rows of `--query-gpu=index,uuid`. */
export function parseNvidiaIndexes(text: string): Map<number, string> {
  const rows = text.matchAll(/^\s*(\d+)\s*,\s*(GPU-\S+)\s*$/gm);
  return new Map([...rows].map(([, index, uuid = '']) => [Number(index), uuid]));
}

/**
 * Parses rows of `--query-compute-apps`, one for each process and GPU.
 *
 * @param uuids Of the GPUs, by index.
 */
export function parseNvidiaProcesses(
  text: string,
  uuids: ReadonlyMap<number, string> = new Map(),
): Pick<GpuReading, 'memoryByPid' | 'memoryByGpu'> {
  const sums = new Map<number, number | null>();
  const byGpu = new Map<number, Map<number, number>>();
  const indexes = new Map([...uuids].map(([index, uuid]) => [uuid, index]));
  for (const line of text.split('\n')) {
    const match = /^\s*(\d+)\s*,\s*([^,]+?)\s*(?:,\s*(\S+)\s*)?$/.exec(line);
    if (match === null) continue;
    const [pid, bytes, gpu] = [Number(match[1]), memory(match[2], 'MIB'), indexes.get(match[3] ?? '')];
    addMemory(sums, pid, bytes);
    if (gpu !== undefined && gpu >= 0 && bytes !== null) addGpuMemory(byGpu, pid, gpu, bytes);
  }
  return { memoryByPid: sums, memoryByGpu: byGpu };
}

function isEmpty(stdout: string): boolean {
  return stdout.trim() === 'No devices were found';
}
