import type { RunMeter } from '../instances/ports/run-meter.ts';
import type { Runs } from '../instances/ports/runs.ts';
import type { Gpus } from './gpu/gpu.ts';

/** Combines the figures of a run's process group with those of the GPUs. */
export function createRunMeter({
  runs,
  gpus,
}: {
  runs: Pick<Runs, 'stats' | 'pids'>;
  gpus: Pick<Gpus, 'memoryOf' | 'usesOf'>;
}): RunMeter {
  return {
    stats: (run) => {
      const stats = runs.stats(run);
      if (stats === null) return null;
      const pids = runs.pids(run);
      return { ...stats, gpu_memory_usage: gpus.memoryOf(pids), gpus: gpus.usesOf(pids) };
    },
  };
}
