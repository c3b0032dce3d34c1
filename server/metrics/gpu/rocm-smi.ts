import type { Gpu } from '@llamactl/contract/system';
import { addMemory, asObject, figure, jsonIn, memory, silence, type GpuTool } from './reading.ts';

const GPUS = ['--showproductname', '--showmeminfo', 'vram', '--showuse', '--showtemp', '--showpower', '--json'];
const PROCESSES = ['--showpids', '--json'];

/** AMD's older tool, of ROCm 5 and, beside amd-smi, of ROCm 6. */
export const ROCM_SMI: GpuTool = {
  vendor: 'amd',
  commands: ['rocm-smi', '/opt/rocm/bin/rocm-smi'],
  read: async (call) => {
    const answer = await call(GPUS);
    const gpus = parseRocmGpus(answer.stdout);
    if (gpus.length === 0) throw silence(answer);
    return { gpus, memoryByPid: parseRocmProcesses((await call(PROCESSES)).stdout), memoryByGpu: new Map() };
  },
};

/** Parses one object for each card. Ignores the case of keys, which changed between versions (`Card series`, `Card Series`). */
export function parseRocmGpus(text: string): Gpu[] {
  return Object.entries(asObject(jsonIn(text))).flatMap(([key, card]) => {
    const index = /^card(\d+)$/.exec(key)?.[1];
    if (index === undefined) return [];
    const fields = new Map(Object.entries(asObject(card)).map(([name, value]) => [name.toLowerCase(), value]));
    return [
      {
        index: Number(index),
        vendor: 'amd' as const,
        name: nameOf(fields),
        memory_total: memory(fields.get('vram total memory (b)'), 'B'),
        memory_usage: memory(fields.get('vram total used memory (b)'), 'B'),
        utilization: figure(fields.get('gpu use (%)')),
        temperature:
          figure(fields.get('temperature (sensor edge) (c)')) ??
          figure(fields.get('temperature (sensor junction) (c)')),
        power:
          figure(fields.get('average graphics package power (w)')) ??
          figure(fields.get('current socket graphics package power (w)')),
      },
    ];
  });
}

/**
 * Parses `--showpids --json`: `"PID4242": "llama-server, 1, 6352367616, 0, unknown"`. The name may contain commas; after it
 * stand the number of GPUs, the memory on all of them in bytes, and two more figures.
 */
export function parseRocmProcesses(text: string): Map<number, number | null> {
  const sums = new Map<number, number | null>();
  for (const [key, line] of Object.entries(asObject(asObject(jsonIn(text))['system']))) {
    const pid = /^PID(\d+)$/.exec(key)?.[1];
    if (pid !== undefined && typeof line === 'string')
      addMemory(sums, Number(pid), memory(line.split(',').at(-3), 'B'));
  }
  return sums;
}

/** The first value that is a name: some versions put a PCI id in its place. */
function nameOf(fields: ReadonlyMap<string, unknown>): string {
  const names = ['card series', 'device name', 'card model'].map((key) => fields.get(key));
  const name = names.find((each) => typeof each === 'string' && !/^\s*(0x[\da-f]+|n\/a|)\s*$/i.test(each));
  return typeof name === 'string' ? name.trim() : 'AMD GPU';
}
