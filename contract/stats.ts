import { z } from 'zod';
import { LongIntegerSchema } from './long-integer.ts';

/** Longest window of the history, in seconds. */
export const LONGEST_WINDOW_SECONDS = 86_400;

const measured = {
  memory_usage: LongIntegerSchema.describe('Resident memory of all its processes, bytes.'),
  cpu_usage: z.number().describe('Percent of one core: 400 means four busy cores.'),
  threads: z.int().describe('Threads of all its processes.'),
  read_bytes: LongIntegerSchema.describe('Bytes read since the engine was spawned, from disks and caches.'),
  write_bytes: LongIntegerSchema.describe('Bytes written since the engine was spawned.'),
  gpu_memory_usage: LongIntegerSchema.nullable().describe('Bytes on all GPUs; `null`: no tool reports it.'),
};

/** Resource usage of the run's whole process group. */
export const StatsSchema = z
  .object({ ...measured, uptime: z.number().describe('Seconds since the engine was spawned.') })
  .meta({ id: 'Stats' });
export type Stats = z.infer<typeof StatsSchema>;

/**
 * One step of the history. Its values are averages over the step, except the two byte counters, which have their value
 * at the end of the step.
 */
export const StatsPointSchema = z
  .object({
    timestamp: z.iso.datetime().describe('The end of the step.'),
    seconds: z.number().describe('Length of the step; older steps are longer.'),
    ...measured,
    cpu_usage_peak: z.number().describe('Highest value of the step.'),
    memory_usage_peak: LongIntegerSchema.describe('Highest value of the step.'),
  })
  .meta({ id: 'StatsPoint' });
export type StatsPoint = z.infer<typeof StatsPointSchema>;

/** Answer of `GET /instances/{name}/stats`: oldest first. Times without a run have no points. */
export const StatsHistorySchema = z
  .object({
    name: z.string(),
    window: z.number().min(1).max(LONGEST_WINDOW_SECONDS).describe('Length of the history, in seconds.'),
    interval: z.number().describe('Seconds between two measurements, which is the shortest step.'),
    points: z.array(StatsPointSchema),
  })
  .meta({ id: 'StatsHistory' });
export type StatsHistory = z.infer<typeof StatsHistorySchema>;
