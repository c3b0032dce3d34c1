import type { LargestMemory, Quant } from '@llamactl/contract/hub';
import type { Gpu } from '@llamactl/contract/system';
import { RAM, withMargin } from '../memory-estimate.ts';

/** The cache of a short context, and the results of a batch: of a model whose header is not here yet. */
const BESIDE_WEIGHTS = 400_000_000;
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

/** Estimates from their size alone whether files of a model fit into a memory, with the margin of all estimates. Both in bytes. */
export function fitOf(size: number, total: number): Pick<Quant, 'fits' | 'memory_needed'> {
  const needed = withMargin({ device: RAM, weights: size, cache: BESIDE_WEIGHTS, compute: 0 });
  const fits = needed <= total * COMFORTABLE ? 'yes' : needed <= total ? 'tight' : 'no';
  return { fits, memory_needed: needed };
}
