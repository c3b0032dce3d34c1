import { z } from 'zod';
import { CauseSchema } from './cause.ts';
import { STATUSES, type Status } from './instance.ts';
import { LongIntegerSchema } from './long-integer.ts';

const TimestampSchema = z.iso.datetime();

/** One graphics processor, as reported by its vendor's tool. */
export const GpuSchema = z
  .object({
    index: z.int().describe("The tool's own number for this GPU."),
    vendor: z.enum(['nvidia', 'amd']),
    uuid: z
      .string()
      .optional()
      .describe(
        '`GPU-…`, as `CUDA_VISIBLE_DEVICES` takes it. It stays the same when numbers change; left out: not reported.',
      ),
    slices: z.array(z.string()).optional().describe('`MIG-…`: the UUIDs of its MIG devices; left out: it has none.'),
    name: z.string(),
    memory_total: LongIntegerSchema.nullable().describe(
      'Bytes; `null`: not reported, for example because the GPU shares the memory of the machine.',
    ),
    memory_usage: LongIntegerSchema.nullable().describe('Bytes; `null`: not reported.'),
    utilization: z.number().nullable().describe('0–100; `null`: not reported.'),
    temperature: z.number().nullable().describe('Degrees Celsius; `null`: not reported.'),
    power: z.number().nullable().describe('Watts; `null`: not reported.'),
  })
  .meta({ id: 'Gpu' });
export type Gpu = z.infer<typeof GpuSchema>;

/** Resources of the machine and their usage. */
export const ResourcesSchema = z
  .object({
    cpu_usage: z.number().describe('Percent (0–100) of all cores.'),
    memory_usage: LongIntegerSchema.describe('Bytes that are not available to programs.'),
    memory_total: LongIntegerSchema,
    disk_usage: z.number().describe("Percent (0–100) of the data directory's filesystem."),
    disk_total: LongIntegerSchema.describe("Bytes of the data directory's filesystem."),
    disk_free: LongIntegerSchema.describe('Bytes of it that llamactl may use.'),
    gpus: z.array(GpuSchema).describe('Empty if no tool reports a GPU.'),
  })
  .meta({ id: 'Resources' });
export type Resources = z.infer<typeof ResourcesSchema>;

const count = (status: Status) => [status, z.int()] as const;

/** The limits of a group of instances, as `groups` in the configuration sets them. */
export const GroupLimitsSchema = z
  .object({
    name: z.string(),
    max_running: z.int().nullable().describe('How many of its members run at once; `null`: no limit.'),
    exclusive: z.boolean().describe('While a member runs, no instance outside of the group does, except pinned ones.'),
    pinned: z.boolean().describe('Its members are never evicted, and do not stop when idle.'),
  })
  .meta({ id: 'GroupLimits' });
export type GroupLimits = z.infer<typeof GroupLimitsSchema>;

/** Answer of `GET /system/status`, as in the API reference. */
export const SystemStatusSchema = z
  .object({
    version: z.string(),
    uptime: z.number().describe('Seconds since llamactl started.'),
    instances: z.object({
      total: z.int(),
      ...(Object.fromEntries(STATUSES.map(count)) as Record<Status, z.ZodInt>),
    }),
    resources: ResourcesSchema,
    groups: z.array(GroupLimitsSchema).describe('The configured groups of instances that the caller may see, by name.'),
  })
  .meta({ id: 'SystemStatus' });
export type SystemStatus = z.infer<typeof SystemStatusSchema>;

/** A folder of llamactl, and the room on its filesystem. */
const FolderSchema = z
  .object({
    kind: z.enum(['data', 'models']),
    path: z.string(),
    disk_total: LongIntegerSchema.nullable().describe(
      'Bytes of its filesystem, or of that of its nearest parent that exists; `null`: unknown.',
    ),
    disk_free: LongIntegerSchema.nullable().describe('Bytes of it that llamactl may use; `null`: unknown.'),
    filesystem: LongIntegerSchema.nullable().describe(
      'A number that all folders of one filesystem share, and no others; `null`: unknown.',
    ),
  })
  .meta({ id: 'Folder' });
export type Folder = z.infer<typeof FolderSchema>;

/** Answer of `GET /system/info`, as in the API reference. */
export const SystemInfoSchema = z
  .object({
    hostname: z.string(),
    os: z.enum(['linux', 'darwin']),
    arch: z.string().describe("In Go's names: amd64, arm64."),
    cpu_count: z.int(),
    cpu_model: z.string().nullable().describe('As the system names it; `null`: unknown.'),
    memory_total: LongIntegerSchema,
    version: z.string(),
    build_time: TimestampSchema.describe('When the package was built; for a checkout, when its files were written.'),
    commit: z
      .string()
      .nullable()
      .describe(
        'Commit of the source; `-dirty` at the end: the package was built with uncommitted changes. `null`: unknown.',
      ),
    folders: z.array(FolderSchema).describe('The data directory, then the folders of models.'),
  })
  .meta({ id: 'SystemInfo' });
export type SystemInfo = z.infer<typeof SystemInfoSchema>;

/** A problem that needs attention, from when it is raised until it is cleared. */
export const AlertSchema = z
  .object({
    level: z.enum(['warning', 'error']),
    code: z.string().describe('Kind of alert; stable.'),
    message: z.string().describe('Problem and fix, for a person.'),
    instance: z.string().optional().describe('The affected instance; absent: the whole system.'),
    cause: CauseSchema.optional().describe('The cause, if the alert is about the end of a run.'),
    raised_at: TimestampSchema,
  })
  .meta({ id: 'Alert' });
export type Alert = z.infer<typeof AlertSchema>;

/** Answer of `GET /system/alerts`: the alerts that are raised now, oldest first. */
export const AlertsSchema = z.object({ alerts: z.array(AlertSchema) }).meta({ id: 'Alerts' });

/** Answer of `POST /api/system/alerts/test`. */
export const AlertTestSchema = z
  .object({
    receivers: z
      .array(
        z
          .object({
            receiver: z.enum(['alerts.webhook', 'alerts.command']).describe('The setting that names the receiver.'),
            error: z.string().nullable().describe('Why the receiver did not take the alert; `null`: it took it.'),
          })
          .meta({ id: 'TestedReceiver' }),
      )
      .describe('The configured receivers; empty: neither setting is set.'),
  })
  .meta({ id: 'AlertTest' });
export type AlertTest = z.infer<typeof AlertTestSchema>;

/** Answer of the probes `/livez`, `/readyz` and `/health`. It has no data about the machine. */
export const ProbeSchema = z.object({ status: z.enum(['ok', 'starting', 'stopping']) }).meta({ id: 'Probe' });
