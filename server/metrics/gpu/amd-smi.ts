import type { Gpu } from '@llamactl/contract/system';
import {
  addGpuMemory,
  addMemory,
  asObject,
  figure,
  jsonIn,
  memory,
  section,
  silence,
  type GpuReading,
  type GpuTool,
} from './reading.ts';

const NAMES = ['static', '--asic', '--json'];
const METRICS = ['metric', '--mem-usage', '--usage', '--power', '--temperature', '--json'];
const PROCESSES = ['process', '--json'];

/** AMD's tool since ROCm 6; a Python program that takes half a second. */
export const AMD_SMI: GpuTool = {
  vendor: 'amd',
  commands: ['amd-smi', '/opt/rocm/bin/amd-smi'],
  read: async (call, names) => {
    const answer = await call(METRICS);
    if (rowsOf(answer.stdout).length === 0) throw silence(answer);
    if (names.size === 0) {
      for (const [index, name] of parseAmdNames((await call(NAMES)).stdout)) names.set(index, name);
    }
    const gpus = parseAmdGpus(answer.stdout, names);
    const processes = await call(PROCESSES);
    if (processes.code !== 0) throw silence(processes);
    return { gpus, ...parseAmdProcesses(processes.stdout) };
  },
};

/** Parses the output of `static --asic --json`: names by index. */
export function parseAmdNames(text: string): Map<number, string> {
  return new Map(
    rowsOf(text).flatMap((row) => {
      const name = section(row, 'asic')['market_name'];
      return typeof row['gpu'] === 'number' && typeof name === 'string' && name !== 'N/A' ? [[row['gpu'], name]] : [];
    }),
  );
}

/**
 * Parses the output of `metric --json`. Memory is in MB of 1 024 × 1 024. Large boards have no edge sensor, so their
 * hotspot counts.
 */
export function parseAmdGpus(text: string, names: ReadonlyMap<number, string>): Gpu[] {
  return rowsOf(text).flatMap((row) => {
    const index = row['gpu'];
    if (typeof index !== 'number') return [];
    const memories = section(row, 'mem_usage');
    const power = section(row, 'power');
    const temperature = section(row, 'temperature');
    return [
      {
        index,
        vendor: 'amd' as const,
        name: names.get(index) ?? 'AMD GPU',
        memory_total: memory(memories['total_vram'], 'MB'),
        memory_usage: memory(memories['used_vram'], 'MB'),
        utilization: figure(section(row, 'usage')['gfx_activity']),
        temperature: figure(temperature['edge']) ?? figure(temperature['hotspot']),
        power:
          figure(power['socket_power']) ??
          figure(power['current_socket_power']) ??
          figure(power['average_socket_power']),
      },
    ];
  });
}

/**
 * Parses the output of `process --json`: a list of processes for each GPU, each with or without `process_info` around
 * it.
 */
export function parseAmdProcesses(text: string): Pick<GpuReading, 'memoryByPid' | 'memoryByGpu'> {
  const sums = new Map<number, number | null>();
  const byGpu = new Map<number, Map<number, number>>();
  for (const row of rowsOf(text)) {
    const list = row['process_list'];
    for (const entry of Array.isArray(list) ? list : []) {
      const process = 'process_info' in asObject(entry) ? section(entry, 'process_info') : asObject(entry);
      const pid = figure(process['pid']);
      if (pid === null) continue;
      const used = section(process, 'memory_usage')['vram_mem'] ?? process['vram_mem'];
      const bytes = memory(used, 'B');
      addMemory(sums, pid, bytes);
      if (typeof row['gpu'] === 'number' && bytes !== null) addGpuMemory(byGpu, pid, row['gpu'], bytes);
    }
  }
  return { memoryByPid: sums, memoryByGpu: byGpu };
}

/** Returns one row for each GPU. The document is a list of them; since ROCm 7, that list is inside `gpu_data`. */
function rowsOf(text: string): Readonly<Record<string, unknown>>[] {
  const document = jsonIn(text);
  const rows = Array.isArray(document) ? document : asObject(document)['gpu_data'];
  return Array.isArray(rows) ? rows.map(asObject).filter((row) => 'gpu' in row) : [];
}
