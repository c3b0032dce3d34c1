import type { Stats } from '@llamactl/contract/stats';

/** A measurement of an engine at work, but for what a test says of it. */
export function usualStats(changes: Partial<Stats> = {}): Stats {
  return {
    memory_usage: 1_000,
    cpu_usage: 50,
    threads: 4,
    read_bytes: 0,
    write_bytes: 0,
    gpu_memory_usage: null,
    uptime: 1,
    ...changes,
  };
}
