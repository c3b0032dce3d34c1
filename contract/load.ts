import { z } from 'zod';

/** The phases of a start. */
export const LOAD_PHASES = ['queued', 'preparing', 'loading', 'restoring'] as const;

/** Progress of an instance that starts. Engines report none, so it is estimated from earlier loads. */
export const LoadSchema = z
  .object({
    phase: z
      .enum(LOAD_PHASES)
      .describe(
        '`queued`: waits for a slot; `preparing`: its launch is checked and spawned; `loading`: the engine loads its model; `restoring`: the engine restores its saved context.',
      ),
    fraction: z
      .number()
      .min(0)
      .max(1)
      .nullable()
      .describe('Estimated part that is done, below 1 until the engine is ready; `null`: no estimate.'),
    elapsed: z
      .number()
      .min(0)
      .describe('Seconds since the engine was spawned; before that, since the start was requested.'),
    usual_seconds: z
      .number()
      .nullable()
      .describe(
        'Median of the last loads of the same model with the same options, in seconds from the spawn until the engine was ready; `null`: none was measured.',
      ),
  })
  .meta({ id: 'Load' });
export type Load = z.infer<typeof LoadSchema>;
