import type { Stats, StatsPoint } from '@llamactl/contract/stats';

/** Typical stats of a busy engine, with the changes of a test. */
export function usualStats(changes: Partial<Stats> = {}): Stats {
  return {
    memory_usage: 1_000,
    cpu_usage: 50,
    threads: 4,
    read_bytes: 0,
    write_bytes: 0,
    gpu_memory_usage: null,
    gpus: [],
    uptime: 1,
    ...changes,
  };
}

/** A step of the history with typical stats and no requests, with the changes of a test. */
export function usualPoint(changes: Partial<StatsPoint> & Pick<StatsPoint, 'timestamp'>): StatsPoint {
  const { uptime: _, gpus: __, ...stats } = usualStats();
  return {
    ...stats,
    seconds: 2,
    cpu_usage_peak: 0,
    memory_usage_peak: 0,
    requests: 0,
    tokens_in: 0,
    tokens_out: 0,
    tokens_per_second: 0,
    ttft_p50: null,
    ttft_p95: null,
    waiting_max: 0,
    ...changes,
  };
}
