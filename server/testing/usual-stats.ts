import type { Stats } from '@llamactl/contract/stats';

/** Typical stats of a busy engine, with the changes of a test. */
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
