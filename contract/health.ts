import { z } from 'zod';
import { CauseSchema } from './cause.ts';
import { TimestampSchema } from './instance.ts';
import { StartRefusalCodeSchema } from './refused-start.ts';

/** A problem that would make a start fail. */
const StartObstacleSchema = z
  .object({
    code: StartRefusalCodeSchema.describe(
      'Error code that a start would return. `CAPACITY_EXCEEDED`: no slot can be freed, because pinned instances hold them. `DOES_NOT_FIT`: it needs more memory than it can get. `VALIDATION_ERROR`: the configuration no longer has the engine. `RESERVED_OPTION`, `PRIVILEGED_OPTION`: a stored variable may not be set.',
    ),
    message: z.string().describe('Problem and fix, for a person.'),
    cause: CauseSchema,
  })
  .meta({ id: 'StartObstacle' });
/** An obstacle whose cause is not named yet. */
export type StartObstacle = Omit<z.infer<typeof StartObstacleSchema>, 'cause'>;

/** Answer of the live health probe. */
export const HealthSchema = z
  .object({
    status: z.enum(['healthy', 'starting', 'unhealthy', 'stopped']),
    checks: z.object({
      process: z.enum(['running', 'stopped']),
      port: z.enum(['open', 'closed']),
      response: z.enum(['ok', 'loading', 'error', 'timeout', 'none']),
    }),
    last_check: TimestampSchema,
    start_obstacle: StartObstacleSchema.optional().describe(
      'For a stopped or failed instance: why a start would fail now. For a running one: why it could not start again, such as a file that is gone. Absent: no known problem.',
    ),
  })
  .meta({ id: 'Health' });
export type Health = z.infer<typeof HealthSchema>;
