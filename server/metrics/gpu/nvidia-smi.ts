import type { Gpu } from '@llamactl/contract/system';
import { addGpuMemory, addMemory, figure, memory, silence, type GpuReading, type GpuTool } from './reading.ts';

const GPU_QUERY = [
  '--query-gpu=index,name,memory.total,memory.used,utilization.gpu,temperature.gpu,power.draw',
  '--format=csv,noheader,nounits',
];
/** Lists the UUIDs of all GPUs and of their MIG devices. */
const LIST = ['-L'];
const PROCESS_QUERY = ['--query-compute-apps=pid,used_memory,gpu_uuid', '--format=csv,noheader,nounits'];

/** Number of columns after the name. The name itself may contain commas. */
const FIGURES = 5;

/** NVIDIA's tool, part of the driver. Without the driver's persistence mode it may take a second. */
export const NVIDIA_SMI: GpuTool = {
  vendor: 'nvidia',
  // the second path is WSL's; services do not have it on their PATH
  commands: ['nvidia-smi', '/usr/lib/wsl/lib/nvidia-smi'],
  read: async (call, ids) => {
    const answer = await call(GPU_QUERY);
    const gpus = parseNvidiaGpus(answer.stdout);
    if (gpus.length === 0) {
      if (isEmpty(answer.stdout)) return { gpus, memoryByPid: new Map(), memoryByGpu: new Map() };
      throw silence(answer);
    }
    const processes = await call(PROCESS_QUERY);
    if (processes.code !== 0) throw silence(processes);
    if (gpus.some(({ index }) => !ids.has(index)) || unknownGpus(processes.stdout, ids).length > 0) {
      for (const [index, own] of parseNvidiaIds((await call(LIST)).stdout)) ids.set(index, own);
      // Do not ask for them at each reading.
      for (const { index } of gpus) if (!ids.has(index)) ids.set(index, '');
      for (const uuid of unknownGpus(processes.stdout, ids)) ids.set(-1 - ids.size, uuid);
    }
    const known = gpus.map((gpu) => ({ ...gpu, ...idsOf(ids.get(gpu.index) ?? '') }));
    return { gpus: known, ...parseNvidiaProcesses(processes.stdout, ids) };
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
function unknownGpus(processes: string, ids: ReadonlyMap<number, string>): string[] {
  const known = new Set([...ids.values()].flatMap(namesIn));
  const named = processes.matchAll(/,\s*((?:GPU|MIG)-\S+)\s*$/gm);
  return [...new Set([...named].map(([, uuid = '']) => uuid))].filter((uuid) => !known.has(uuid));
}

/** Parses the output of `-L`. Returns the UUID of each GPU and those of its MIG devices, with spaces between, by index. */
export function parseNvidiaIds(text: string): Map<number, string> {
  const found = new Map<number, string>();
  let index: number | null = null;
  for (const line of text.split('\n')) {
    const gpu = /^GPU (\d+): .*\(UUID: (GPU-[^)\s]+)\)\s*$/.exec(line);
    const slice = /^\s+MIG .*\(UUID: (MIG-[^)\s]+)\)\s*$/.exec(line)?.[1];
    if (gpu !== null) {
      index = Number(gpu[1]);
      found.set(index, gpu[2] ?? '');
    } else if (slice !== undefined && index !== null) {
      found.set(index, `${found.get(index) ?? ''} ${slice}`);
    }
  }
  return found;
}

function namesIn(own: string): string[] {
  return own.split(' ').filter((id) => id !== '');
}

function idsOf(own: string): Pick<Gpu, 'uuid' | 'slices'> {
  const [uuid, ...slices] = namesIn(own);
  return { ...(uuid === undefined ? {} : { uuid }), ...(slices.length === 0 ? {} : { slices }) };
}

/**
 * Parses rows of `--query-compute-apps`, one for each process and GPU.
 *
 * @param ids UUIDs of each GPU and its MIG devices, by index.
 */
export function parseNvidiaProcesses(
  text: string,
  ids: ReadonlyMap<number, string> = new Map(),
): Pick<GpuReading, 'memoryByPid' | 'memoryByGpu'> {
  const sums = new Map<number, number | null>();
  const byGpu = new Map<number, Map<number, number>>();
  const indexes = new Map([...ids].flatMap(([index, own]) => namesIn(own).map((id) => [id, index] as const)));
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
