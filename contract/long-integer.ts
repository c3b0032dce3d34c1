import { z } from 'zod';

/** A count of bytes, or a position in a growing sequence: a whole number that may exceed 32 bits. */
export const LongIntegerSchema = z.int().min(0).meta({ format: 'int64' });
