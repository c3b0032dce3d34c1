import type { DeviceRoom, RunNeed } from './machine-memory.ts';

/** The memory of the machine for a start that is only considered. */
export interface MemoryOutlook {
  /**
   * Measures the memory. Waits at most a few seconds for the tools of GPUs.
   *
   * @param instance Id of the instance whose own run would have ended before; `null`: none.
   */
  look(instance: string | null): Promise<MemoryPicture>;
}

/** The memory as of one moment. */
export interface MemoryPicture {
  /** The room beside all other runs, RAM first; as starts get it. */
  readonly now: readonly DeviceRoom[];
  /** The room without them. */
  readonly alone: readonly DeviceRoom[];
  /** Bytes of a device that a start gets without an eviction. */
  free(device: string): number;
  /**
   * The instances that a start would evict.
   *
   * @param needs On each place that the start may get; the last is that on all GPUs.
   */
  eviction(needs: readonly RunNeed[]): Eviction;
}

export interface Eviction {
  /** Index of the place that the start waits for. */
  place: number;
  /** Ids of idle instances, least recently used first. Empty: no eviction is needed, or none of idle ones is enough. */
  mustStop: string[];
}
