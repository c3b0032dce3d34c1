import { z } from 'zod';
import { STATUSES, type Status } from './instance.ts';
import { LongIntegerSchema } from './long-integer.ts';

const TimestampSchema = z.iso.datetime();

/** One graphics processor, as its vendor's tool tells. */
export const GpuSchema = z
  .object({
    index: z.int().describe("The tool's own number."),
    vendor: z.enum(['nvidia', 'amd']),
    name: z.string(),
    memory_total: LongIntegerSchema.nullable().describe(
      'Bytes; `null`: not told, as by one that shares the memory of the machine.',
    ),
    memory_usage: LongIntegerSchema.nullable().describe('Bytes; `null`: not told.'),
    utilization: z.number().nullable().describe('0–100; `null`: not told.'),
    temperature: z.number().nullable().describe('Degrees Celsius; `null`: not told.'),
    power: z.number().nullable().describe('Watts; `null`: not told.'),
  })
  .meta({ id: 'Gpu' });
export type Gpu = z.infer<typeof GpuSchema>;

const count = (status: Status) => [status, z.int()] as const;

/** The seed's answer of `GET /system/status`. */
export const SystemStatusSchema = z
  .object({
    version: z.string(),
    uptime: z.number().describe("Seconds; llamactl's own."),
    instances: z.object({
      total: z.int(),
      ...(Object.fromEntries(STATUSES.map(count)) as Record<Status, z.ZodInt>),
    }),
    resources: z.object({
      cpu_usage: z.number().describe('0–100 of all cores.'),
      memory_usage: LongIntegerSchema.describe('Bytes that programs could not have any more.'),
      memory_total: LongIntegerSchema,
      disk_usage: z.number().describe("Percent (0–100) of the data directory's filesystem."),
      gpus: z.array(GpuSchema).describe('Empty where no tool tells of any.'),
    }),
  })
  .meta({ id: 'SystemStatus' });
export type SystemStatus = z.infer<typeof SystemStatusSchema>;

/** The seed's answer of `GET /system/info`. */
export const SystemInfoSchema = z
  .object({
    hostname: z.string(),
    os: z.enum(['linux', 'darwin']),
    arch: z.string().describe("In Go's names: amd64, arm64."),
    cpu_count: z.int(),
    memory_total: LongIntegerSchema,
    version: z.string(),
    build_time: TimestampSchema.describe(
      'When the package was built; of a checkout: when its files were made or checked out.',
    ),
    commit: z
      .string()
      .nullable()
      .describe('Of the source; `-dirty` behind it: a package was built with changes. `null`: not known.'),
  })
  .meta({ id: 'SystemInfo' });
export type SystemInfo = z.infer<typeof SystemInfoSchema>;

/** What needs somebody's attention, from when it was raised until it is cleared. */
export const AlertSchema = z
  .object({
    level: z.enum(['warning', 'error']),
    code: z.string().describe('What kind; stable.'),
    message: z.string().describe('What is wrong and what would help, for a person.'),
    instance: z.string().optional().describe('Whose it is; absent: the whole system.'),
    raised_at: TimestampSchema,
  })
  .meta({ id: 'Alert' });
export type Alert = z.infer<typeof AlertSchema>;

/** Answer of `GET /system/alerts`: what is raised now, oldest first. */
export const AlertsSchema = z.object({ alerts: z.array(AlertSchema) }).meta({ id: 'Alerts' });

/** Answer of the probes `/livez`, `/readyz` and `/health`: no data about the machine. */
export const ProbeSchema = z.object({ status: z.enum(['ok', 'starting', 'stopping']) }).meta({ id: 'Probe' });
