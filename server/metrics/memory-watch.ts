import type { AlertSink, Clock } from '../instances/ports.ts';
import type { MemoryState } from './memory.ts';
import type { OnFault } from './ports.ts';

/** Looks at the memory of the machine, or of the container, and raises or clears the alert {@link MEMORY_LOW}. */
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

const LOOK_EVERY_MS = 10_000;
/** Five percent of a large machine is much: only where little is left in bytes, too, is it little. */
const LOW_PART = 0.05;
const LOW_BYTES = 512 * 1_048_576;
/** To be well again it takes half as much again: memory moves all the time, and would raise and clear it all day. */
const WAY_BACK = 1.5;

const MESSAGE =
  'Memory is nearly used up. When it is, the system kills processes, engines first; stop an instance, or give one a smaller model or context.';

/** @param wasLow what was found at the last look */
export function isMemoryLow({ total, usage }: MemoryState, wasLow: boolean): boolean {
  const factor = wasLow ? WAY_BACK : 1;
  const available = total - usage;
  return available < total * LOW_PART * factor && available < LOW_BYTES * factor;
}

/** The first look is made at once. */
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
      if (!isFaulty) onFault(error, 'The memory of the machine cannot be looked at; trying again');
      isFaulty = true;
    }
    cancel = clock.after(LOOK_EVERY_MS, look);
  };
  look();

  return { close: () => cancel() };
}
