import { z } from 'zod';

/** A boolean as it is stored. */
export const Flag = z.union([z.literal(0), z.literal(1)]).transform((stored) => stored === 1);

/** A list or an object as it is stored. */
export const Json = z.string().transform((stored): unknown => JSON.parse(stored));

const LimitColumn = z.int().min(0).default(0);

/** Limits as they are stored. */
export const StoredLimits = Json.pipe(
  z.object({ maxInFlight: LimitColumn, requestsPerMinute: LimitColumn, tokensPerMinute: LimitColumn }),
);

/**
 * A row as what it stands for. Throws when it is not what its table holds.
 *
 * @param title Names the row and its file, for the message.
 */
export function readRow<Value>(schema: z.ZodType<Value>, row: Record<string, unknown>, title: string): Value {
  try {
    return schema.parse(row);
  } catch (error) {
    throw new Error(`${title} cannot be read; restore the file from a backup.`, { cause: error });
  }
}
