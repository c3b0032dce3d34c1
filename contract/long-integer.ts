import { z } from 'zod';

/** Bytes, and places in something that only grows: whole numbers that outgrow 32 bits. */
export const LongIntegerSchema = z.int().min(0).meta({ format: 'int64' });
