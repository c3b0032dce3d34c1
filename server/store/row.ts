import { z } from 'zod';

/** A stored boolean: 0 or 1. */
export const Flag = z.union([z.literal(0), z.literal(1)]).transform((stored) => stored === 1);

/** A list or object stored as JSON. */
export const Json = z.string().transform((stored): unknown => JSON.parse(stored));

const LimitColumn = z.int().min(0).default(0);

/** Limits stored as JSON. */
export const StoredLimits = Json.pipe(
  z.object({ maxInFlight: LimitColumn, requestsPerMinute: LimitColumn, tokensPerMinute: LimitColumn }),
);

/**
 * Parses a row by its schema. Throws when the row does not match.
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
