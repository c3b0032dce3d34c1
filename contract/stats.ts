import { z } from 'zod';
import { LongIntegerSchema } from './long-integer.ts';

/** Longest window of the history, in seconds. */
export const LONGEST_WINDOW_SECONDS = 86_400;
/** Most steps of `GET /stats`. */
export const MOST_FLEET_POINTS = 240;

const measured = {
  memory_usage: LongIntegerSchema.describe('Resident memory of all its processes, bytes.'),
  cpu_usage: z.number().describe('Percent of one core: 400 means four busy cores.'),
  threads: z.int().describe('Threads of all its processes.'),
  read_bytes: LongIntegerSchema.describe('Bytes read since the engine was spawned, from disks and caches.'),
  write_bytes: LongIntegerSchema.describe('Bytes written since the engine was spawned.'),
  gpu_memory_usage: LongIntegerSchema.nullable().describe('Bytes on all GPUs; `null`: no tool reports it.'),
};

/** The memory of one GPU that a run uses. */
const GpuUseSchema = z
  .object({
    index: z.int().describe("The tool's own number for this GPU, as in `GET /system/status`."),
    vendor: z.enum(['nvidia', 'amd']).optional().describe('Two vendors may have a GPU with the same number.'),
    uuid: z.string().optional().describe('As in `GET /system/status`; left out: not reported.'),
    memory: LongIntegerSchema.describe('Bytes.'),
  })
  .meta({ id: 'GpuUse' });
export type GpuUse = z.infer<typeof GpuUseSchema>;

/** Resource usage of the run's whole process group. */
export const StatsSchema = z
  .object({
    ...measured,
    gpus: z.array(GpuUseSchema).describe('The GPUs that it uses; empty: none, or no tool reports it.'),
    uptime: z.number().describe('Seconds since the engine was spawned.'),
  })
  .meta({ id: 'Stats' });
export type Stats = z.infer<typeof StatsSchema>;

const served = {
  requests: z.int().describe('Requests that ended.'),
  tokens_in: LongIntegerSchema.describe('Tokens of their prompts, cached ones too.'),
  tokens_out: LongIntegerSchema.describe('Tokens generated.'),
  tokens_per_second: z.number().describe('Tokens generated, per second of the step.'),
  ttft_p50: z
    .number()
    .nullable()
    .describe(
      'Seconds from a request to the first token of its answer, waiting included: the median; `null`: none came.',
    ),
  ttft_p95: z.number().nullable().describe('The same, which 95 of 100 requests did not exceed.'),
  waiting_max: z.int().describe('Most requests that waited at one time.'),
};

/**
 * One step of the history. The values of resources are averages over the step, except the two byte counters, which have
 * their value at the end of the step.
 */
export const StatsPointSchema = z
  .object({
    timestamp: z.iso.datetime().describe('The end of the step.'),
    seconds: z.number().describe('Length of the step; older steps are longer.'),
    ...measured,
    cpu_usage_peak: z.number().describe('Highest value of the step.'),
    memory_usage_peak: LongIntegerSchema.describe('Highest value of the step.'),
    ...served,
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

const series = (about: string, value: z.ZodNumber = z.number()) =>
  z.array(value.nullable()).describe(`${about}; \`null\`: no run in that step.`);

/** Answer of `GET /stats`. All lists have one value for each step, oldest first. */
export const FleetStatsSchema = z
  .object({
    window: z.number().min(1).max(LONGEST_WINDOW_SECONDS).describe('Length of the history, in seconds.'),
    seconds: z.number().describe('Length of a step.'),
    until: z.iso.datetime().describe('The end of the last step.'),
    instances: z
      .array(
        z
          .object({
            name: z.string(),
            cpu_usage: series('Percent of one core, the average'),
            memory_usage: series('Bytes, the average', LongIntegerSchema),
            tokens_per_second: series('Tokens generated, per second'),
            requests: series('Requests that ended'),
            waiting_max: series('Most requests that waited at one time'),
          })
          .meta({ id: 'InstanceSeries' }),
      )
      .describe('Without the instances that did not run in that time.'),
  })
  .meta({ id: 'FleetStats' });
export type FleetStats = z.infer<typeof FleetStatsSchema>;

const GpuPointSchema = z
  .object({
    index: z.int().describe("The tool's own number for this GPU, as in `GET /system/status`."),
    vendor: z.enum(['nvidia', 'amd']),
    memory_usage: LongIntegerSchema.nullable().describe('Bytes; `null`: not reported.'),
    utilization: z.number().nullable().describe('0–100; `null`: not reported.'),
    temperature: z.number().nullable().describe('Degrees Celsius; `null`: not reported.'),
    power: z.number().nullable().describe('Watts; `null`: not reported.'),
  })
  .meta({ id: 'GpuPoint' });

/** One step of the history of the machine. All values are averages over the step. */
export const SystemStatsPointSchema = z
  .object({
    timestamp: z.iso.datetime().describe('The end of the step.'),
    seconds: z.number().describe('Length of the step; older steps are longer.'),
    cpu_usage: z.number().describe('Percent (0–100) of all cores.'),
    memory_usage: LongIntegerSchema.describe('Bytes that are not available to programs.'),
    disk_usage: z.number().describe("Percent (0–100) of the data directory's filesystem."),
    gpus: z.array(GpuPointSchema),
  })
  .meta({ id: 'SystemStatsPoint' });
export type SystemStatsPoint = z.infer<typeof SystemStatsPointSchema>;

/** Answer of `GET /system/stats`: oldest first. */
export const SystemStatsSchema = z
  .object({
    window: z.number().min(1).max(LONGEST_WINDOW_SECONDS).describe('Length of the history, in seconds.'),
    interval: z.number().describe('Seconds between two measurements, which is the shortest step.'),
    points: z.array(SystemStatsPointSchema),
  })
  .meta({ id: 'SystemStats' });
export type SystemStats = z.infer<typeof SystemStatsSchema>;
