import type { RunMeter } from '../instances/ports/run-meter.ts';
import type { Runs } from '../instances/ports/runs.ts';
import type { Gpus } from './gpu/gpu.ts';

/** Combines the figures of a run's process group with those of the GPUs. */
export function createRunMeter({
  runs,
  gpus,
}: {
  runs: Pick<Runs, 'stats' | 'pids'>;
  gpus: Pick<Gpus, 'memoryOf'>;
}): RunMeter {
  return {
    stats: (run) => {
      const stats = runs.stats(run);
      return stats && { ...stats, gpu_memory_usage: gpus.memoryOf(runs.pids(run)) };
    },
  };
}
