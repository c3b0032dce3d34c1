import type { Gpu } from '@llamactl/contract/system';
import { addMemory, figure, memory, silence, type GpuTool } from './reading.ts';

const GPU_QUERY = [
  '--query-gpu=index,name,memory.total,memory.used,utilization.gpu,temperature.gpu,power.draw',
  '--format=csv,noheader,nounits',
];
const PROCESS_QUERY = ['--query-compute-apps=pid,used_memory', '--format=csv,noheader,nounits'];

/** Number of columns after the name. The name itself may contain commas. */
const FIGURES = 5;

/** NVIDIA's tool, part of the driver. Without the driver's persistence mode it may take a second. */
export const NVIDIA_SMI: GpuTool = {
  vendor: 'nvidia',
  // the second path is WSL's; services do not have it on their PATH
  commands: ['nvidia-smi', '/usr/lib/wsl/lib/nvidia-smi'],
  read: async (call) => {
    const answer = await call(GPU_QUERY);
    const gpus = parseNvidiaGpus(answer.stdout);
    if (gpus.length === 0) {
      if (isEmpty(answer.stdout)) return { gpus, memoryByPid: new Map() };
      throw silence(answer);
    }
    const processes = await call(PROCESS_QUERY);
    if (processes.code !== 0) throw silence(processes);
    return { gpus, memoryByPid: parseNvidiaProcesses(processes.stdout) };
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

/** Parses rows of `--query-compute-apps`, one for each process and GPU. */
export function parseNvidiaProcesses(text: string): Map<number, number | null> {
  const sums = new Map<number, number | null>();
  for (const line of text.split('\n')) {
    const match = /^\s*(\d+)\s*,\s*(.+?)\s*$/.exec(line);
    if (match !== null) addMemory(sums, Number(match[1]), memory(match[2], 'MIB'));
  }
  return sums;
}

function isEmpty(stdout: string): boolean {
  return stdout.trim() === 'No devices were found';
}
