import type { RunMeter } from '../instances/ports/run-meter.ts';
import type { Supervisor } from '../instances/ports/runs.ts';
import type { Gpus } from './gpu/gpu.ts';

/** Combines the figures of a run's process group with those of the GPUs. */
export function createRunMeter({
  supervisor,
  gpus,
}: {
  supervisor: Pick<Supervisor, 'stats' | 'pids'>;
  gpus: Pick<Gpus, 'memoryOf'>;
}): RunMeter {
  return {
    stats: (run) => {
      const stats = supervisor.stats(run);
      return stats && { ...stats, gpu_memory_usage: gpus.memoryOf(supervisor.pids(run)) };
    },
  };
}
