import type { AlertSink } from '../instances/ports/alert-sink.ts';
import type { Clock } from '../instances/ports/time.ts';
import type { MemoryState } from './memory.ts';
import type { OnFault } from './metrics-ports.ts';

/** Checks the memory of the machine or the container, and raises or clears the alert {@link MEMORY_LOW}. */
export interface MemoryWatch {
  close(): void;
}

export interface MemoryWatchDependencies {
  clock: Pick<Clock, 'after'>;
  alerts: AlertSink;
  memory: () => MemoryState;
  onFault: OnFault;
}

/** Code of the alert. */
export const MEMORY_LOW = 'memory_low';

/** An engine that loads a model takes gigabytes within seconds. A look takes some ten microseconds. */
const LOOK_EVERY_MS = 2_000;
/** Memory is low below both limits: five percent of a large machine is still much. */
const LOW_PART = 0.05;
const LOW_BYTES = 512 * 1_048_576;
/** Clearing takes 50 % more free memory than raising: otherwise normal changes would raise and clear the alert all day. */
const RECOVERY_FACTOR = 1.5;

const MESSAGE =
  'Memory is nearly used up. When it is, the system kills processes, engines first; stop an instance, or give one a smaller model or context.';

/** @param wasLow result of the previous check */
export function isMemoryLow({ total, usage }: MemoryState, wasLow: boolean): boolean {
  const factor = wasLow ? RECOVERY_FACTOR : 1;
  const available = total - usage;
  return available < total * LOW_PART * factor && available < LOW_BYTES * factor;
}

/** Checks at once, then every two seconds. */
export function watchMemory({ clock, alerts, memory, onFault }: MemoryWatchDependencies): MemoryWatch {
  let isLow = false;
  let isFaulty = false;
  let cancel = (): void => undefined;

  const look = (): void => {
    try {
      isLow = isMemoryLow(memory(), isLow);
      if (isLow) alerts.raise({ level: 'warning', code: MEMORY_LOW, message: MESSAGE });
      else alerts.clear(MEMORY_LOW);
      isFaulty = false;
    } catch (error) {
      if (!isFaulty) onFault(error, 'The memory of the machine cannot be read; trying again');
      isFaulty = true;
    }
    cancel = clock.after(LOOK_EVERY_MS, look);
  };
  look();

  return { close: () => cancel() };
}
