import { z } from 'zod';
import { LongIntegerSchema } from './long-integer.ts';

/** Longest time that is looked back on, seconds. */
export const LONGEST_WINDOW_SECONDS = 86_400;

const measured = {
  memory_usage: LongIntegerSchema.describe('Resident memory of all its processes, bytes.'),
  cpu_usage: z.number().describe('Percent of one core: 400 is four cores busy.'),
  threads: z.int().describe('Of all its processes.'),
  read_bytes: LongIntegerSchema.describe('Read since the engine was spawned, from disks and caches, bytes.'),
  write_bytes: LongIntegerSchema.describe('Written since then, bytes.'),
  gpu_memory_usage: LongIntegerSchema.nullable().describe('Bytes on all GPUs; `null`: no tool tells.'),
};

/** Resources of the run's whole process group. */
export const StatsSchema = z
  .object({ ...measured, uptime: z.number().describe('Seconds since the engine was spawned.') })
  .meta({ id: 'Stats' });
export type Stats = z.infer<typeof StatsSchema>;

/** A step of the past: means over its seconds, but for the two counters, which are as they were at its end. */
export const StatsPointSchema = z
  .object({
    timestamp: z.iso.datetime().describe('The end of the step.'),
    seconds: z.number().describe('The length of the step; the further back, the longer.'),
    ...measured,
    cpu_usage_peak: z.number().describe('The highest of the step.'),
    memory_usage_peak: LongIntegerSchema.describe('The highest of the step.'),
  })
  .meta({ id: 'StatsPoint' });
export type StatsPoint = z.infer<typeof StatsPointSchema>;

/** Answer of `GET /instances/{name}/stats`: oldest first; times in which nothing ran have no points. */
export const StatsHistorySchema = z
  .object({
    name: z.string(),
    window: z.number().min(1).max(LONGEST_WINDOW_SECONDS).describe('The time looked back on, seconds.'),
    interval: z.number().describe('Seconds between two measurements: the shortest step.'),
    points: z.array(StatsPointSchema),
  })
  .meta({ id: 'StatsHistory' });
export type StatsHistory = z.infer<typeof StatsHistorySchema>;
