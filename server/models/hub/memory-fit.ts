import type { LargestMemory, Quant } from '@llamactl/contract/hub';
import type { Gpu } from '@llamactl/contract/system';

const MEBIBYTE = 1024 * 1024;
/** For a short context, and buffers. */
const BESIDE_WEIGHTS = 512 * MEBIBYTE;
/** Grows with the model: context, repacked weights. */
const SHARE_BESIDE_WEIGHTS = 0.1;
/** Share of the memory up to which a model leaves room for other programs. */
const COMFORTABLE = 0.85;

/** The largest memory for a model: that of a GPU, or of the machine. @param ram Bytes. */
export function largestMemory(gpus: readonly Pick<Gpu, 'name' | 'memory_total'>[], ram: number): LargestMemory {
  const machine: LargestMemory = { kind: 'ram', name: 'memory', total: ram };
  return gpus.reduce<LargestMemory>(
    (largest, { name, memory_total: total }) =>
      // A GPU wins a draw: it is faster.
      total !== null && total >= largest.total ? { kind: 'gpu', name, total } : largest,
    machine,
  );
}

/** Estimates whether files of a model fit into a memory. Both in bytes. */
export function fitOf(size: number, total: number): Pick<Quant, 'fits' | 'memory_needed'> {
  const needed = Math.ceil(size * (1 + SHARE_BESIDE_WEIGHTS)) + BESIDE_WEIGHTS;
  const fits = needed <= total * COMFORTABLE ? 'yes' : needed <= total ? 'tight' : 'no';
  return { fits, memory_needed: needed };
}
