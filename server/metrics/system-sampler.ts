import type { Resources } from '@llamactl/contract/system';
import type { Clock } from '../instances/ports/time.ts';
import type { OnFault } from './metrics-ports.ts';

/** Measures the machine at intervals. */
export interface SystemSampler {
  /** Call it when a run or a client's wish may have begun: measures soon, not only after the long interval at rest. */
  noteChange(): void;
  /** Stops measuring. */
  close(): void;
}

export interface SystemSamplerDependencies {
  clock: Pick<Clock, 'after'>;
  /** The setting `stats.interval`. */
  intervalSeconds: number;
  resources: () => Promise<Resources>;
  /** Whether an instance runs or a client watches. If not, the intervals are longer: tools of GPUs cost power. */
  isBusy: () => boolean;
  /** Called for each measurement. */
  onSample: (resources: Resources) => void;
  onFault: OnFault;
}

/** Interval while nothing runs and no client watches. */
const REST_SECONDS = 60;

export function createSystemSampler(dependencies: SystemSamplerDependencies): SystemSampler {
  const { clock, intervalSeconds, resources, isBusy, onSample, onFault } = dependencies;
  let cancel = (): void => undefined;
  let isResting = false;
  let isFaulty = false;
  let isClosed = false;

  const measure = async (): Promise<void> => {
    try {
      const measured = await resources();
      if (!isClosed) onSample(measured);
      isFaulty = false;
    } catch (error) {
      if (!isFaulty) onFault(error, 'The machine cannot be measured');
      isFaulty = true;
    }
    if (!isClosed) schedule();
  };
  const schedule = (): void => {
    isResting = !isBusy();
    const seconds = isResting ? Math.max(REST_SECONDS, intervalSeconds) : intervalSeconds;
    cancel = clock.after(seconds * 1_000, () => void measure());
  };
  schedule();

  return {
    noteChange: () => {
      if (isClosed || !isResting || !isBusy()) return;
      cancel();
      schedule();
    },
    close: () => {
      isClosed = true;
      cancel();
    },
  };
}
