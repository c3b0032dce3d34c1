import { type Need, RAM, withMargin } from './memory-estimate.ts';

/** The memory of a machine now; bytes. */
export interface MachineMemory {
  ram: { total: number; available: number };
  gpus: readonly { device: string; total: number; free: number }[];
}

/** A run that holds memory. */
export interface HeldMemory {
  /** Of its instance. */
  id: string;
  /** On each device; empty: unknown. */
  needs: readonly Need[];
}

/** Memory that a start may take on one device; bytes. */
export interface Room {
  device: string;
  total: number;
  free: number;
}

/**
 * The room on each device, RAM first, after some of the holders have ended. Weights count fully for their holder: the system
 * says that mapped files are available, but then it would read them again and again.
 */
export function roomsOf(
  { ram, gpus }: MachineMemory,
  holders: readonly HeldMemory[],
  ended: ReadonlySet<string> = new Set(),
): Room[] {
  const sum = (isCounted: (id: string) => boolean, bytes: (need: Need) => number, device: string): number =>
    holders
      .filter(({ id }) => isCounted(id))
      .flatMap(({ needs }) => needs.filter((need) => need.device === device))
      .reduce((total, need) => total + bytes(need), 0);
  const isEnded = (id: string): boolean => ended.has(id);
  // Mapped weights were available before the end too.
  const given = sum(isEnded, ({ cache, compute }) => cache + compute, RAM);
  const taken = sum((id) => !isEnded(id), withMargin, RAM);
  const freeRam = Math.max(0, Math.min(ram.available + given, ram.total - taken));
  return [
    { device: RAM, total: ram.total, free: freeRam },
    ...gpus.map(({ device, total, free }) => {
      const freed = sum(isEnded, ({ weights, cache, compute }) => weights + cache + compute, device);
      return { device, total, free: Math.min(total, free + freed) };
    }),
  ];
}
