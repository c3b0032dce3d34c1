import type { Config } from '@llamactl/contract/config';

/** The memory that instances may use, by the configuration. */
export interface MemoryTerms {
  /** Bytes of each device that stay free for other programs. */
  reserve: number;
  /** Most bytes that all instances together get of a device, by its name or its UUID. */
  limits: ReadonlyMap<string, number>;
  /** Factor of the memory of each device, and of its limit. */
  overcommit: number;
}

const MEBIBYTE = 1_048_576;

/** `null`: memory limits no start. */
export function memoryTerms({
  admission,
  reserve_mb: reserve,
  devices,
  overcommit,
}: Config['memory']): MemoryTerms | null {
  if (admission === 'off') return null;
  const limits = Object.entries(devices).flatMap(([name, { limit_mb: limit }]) =>
    limit === undefined ? [] : [[name, limit * MEBIBYTE] as const],
  );
  return { reserve: reserve * MEBIBYTE, limits: new Map(limits), overcommit };
}
