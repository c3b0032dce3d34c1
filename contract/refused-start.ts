import { z } from 'zod';

/** The code of the error with which a start is refused. */
export const StartRefusalCodeSchema = z.enum([
  'MODEL_NOT_FOUND',
  'ENGINE_NOT_FOUND',
  'PORT_IN_USE',
  'CAPACITY_EXCEEDED',
  'DOES_NOT_FIT',
  'VALIDATION_ERROR',
  'RESERVED_OPTION',
  'PRIVILEGED_OPTION',
]);
export type StartRefusalCode = z.infer<typeof StartRefusalCodeSchema>;

/** Code and message of a refused start, for its event and for the instance. */
export const REFUSAL_FIELDS = {
  code: StartRefusalCodeSchema.describe('Error code that the start returned.'),
  message: z
    .string()
    .describe(
      'Message of that error. It names the program of an engine without the folder, which not every reader may see.',
    ),
};

/** A start that was refused before it ran a process. */
export const RefusedStartSchema = z
  .object({ at: z.iso.datetime().describe('RFC 3339, UTC.'), ...REFUSAL_FIELDS })
  .meta({ id: 'RefusedStart' });
export type RefusedStart = z.infer<typeof RefusedStartSchema>;
