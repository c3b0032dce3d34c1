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

/** The part of each device that the configuration leaves for instances; bytes. */
export interface RoomTerms {
  /** Stays free on each device. */
  reserve: number;
  /** The most for all instances together, by device. */
  limits: ReadonlyMap<string, number>;
  /** Factor of both. */
  overcommit: number;
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
 *
 * @param terms `null`: the configuration limits nothing.
 */
export function roomsOf(
  { ram, gpus }: MachineMemory,
  holders: readonly HeldMemory[],
  ended: ReadonlySet<string> = new Set(),
  terms: RoomTerms | null = null,
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
  const rooms = [
    { device: RAM, total: ram.total, free: freeRam },
    ...gpus.map(({ device, total, free }) => {
      const freed = sum(isEnded, ({ weights, cache, compute }) => weights + cache + compute, device);
      return { device, total, free: Math.min(total, free + freed) };
    }),
  ];
  if (terms === null) return rooms;
  return rooms.map(({ device, total, free }) => {
    const limit = (terms.limits.get(device) ?? Infinity) * terms.overcommit;
    const held = sum((id) => !isEnded(id), withMargin, device);
    const ours = free + total * (terms.overcommit - 1) - terms.reserve;
    return { device, total: Math.min(total, limit), free: Math.max(0, Math.floor(Math.min(ours, limit - held))) };
  });
}
