import { z } from 'zod';

/** The seed's answer of `GET /system/status`. */
export const SystemStatusSchema = z
  .object({
    version: z.string(),
    uptime: z.number(),
    instances: z.object({ total: z.int(), running: z.int(), stopped: z.int() }),
    resources: z.object({
      cpu_usage: z.number().describe('0–100 of all cores.'),
      memory_usage: z.number(),
      memory_total: z.number(),
      disk_usage: z.number().describe("Percent of the data directory's filesystem."),
    }),
  })
  .meta({ id: 'SystemStatus' });

/** The seed's answer of `GET /system/info`. */
export const SystemInfoSchema = z
  .object({
    hostname: z.string(),
    os: z.enum(['linux', 'darwin']),
    arch: z.string().describe("In Go's names: amd64, arm64."),
    cpu_count: z.int(),
    memory_total: z.number(),
    version: z.string(),
    build_time: z.iso.datetime(),
  })
  .meta({ id: 'SystemInfo' });

/** Answer of the probes `/livez`, `/readyz` and `/health`: no data about the machine. */
export const ProbeSchema = z.object({ status: z.enum(['ok', 'starting', 'stopping']) }).meta({ id: 'Probe' });
