import type { DeviceMemory, MemoryMeter } from '../instances/ports/machine-memory.ts';
import type { Gpus } from './gpu/gpu.ts';
import type { Host } from './host.ts';

/**
 * Measures RAM by the limit of the control group and the kernel's figures, and GPUs by their vendors' tools. A GPU without
 * memory of its own is left out: its memory is RAM.
 *
 * @param platform As `process.platform`. Only Linux says how much of its RAM is available.
 */
export function openMemoryMeter(
  { host, gpus }: { host: Pick<Host, 'memory' | 'swap'>; gpus: Pick<Gpus, 'listNow'> },
  platform: string,
): MemoryMeter {
  return {
    read: async () => {
      const devices = (await gpus.listNow()).flatMap(
        ({ vendor, index, uuid, slices = [], memory_total: total, memory_usage: used }): DeviceMemory[] =>
          total === null || used === null
            ? []
            : [
                {
                  device: `${vendor}:${index}`,
                  ...(uuid === undefined ? {} : { ids: [uuid, ...slices] }),
                  total,
                  used,
                  swap: null,
                },
              ],
      );
      const { total, usage } = host.memory();
      return [{ device: 'ram', total, used: platform === 'linux' ? usage : null, swap: host.swap() }, ...devices];
    },
  };
}
