import { z } from 'zod';
import { durationSeconds } from './duration.ts';
import { LONGEST_WINDOW_SECONDS } from './stats.ts';

/** A query parameter that is `true` or `false`; in the OpenAPI document it is a boolean. */
export const FlagSchema = z.enum(['true', 'false']).transform((text) => text === 'true');

/** A whole number in a query; in the OpenAPI document it is an integer. */
export const CountSchema = (most: number, least = 0) =>
  z
    .string()
    .regex(/^\d{1,16}$/, 'must be a whole number')
    .meta({ type: 'integer', minimum: least, maximum: most })
    .transform(Number)
    .pipe(z.int().min(least).max(most));

/** Seconds, or a number with a unit, in a query: from one second to `most`. @param most Seconds. */
export const windowUpTo = (most: number) =>
  z
    .string()
    .regex(/^0{0,8}[1-9]\d{0,8}[smhd]?$/, 'must be at least one second: seconds, or a number with s, m, h or d')
    .transform(durationSeconds)
    .pipe(z.number().min(1).max(most));

/** A window up to {@link LONGEST_WINDOW_SECONDS}. */
export const WindowSchema = windowUpTo(LONGEST_WINDOW_SECONDS);

/** Names of instances in a query, separated by commas. */
export const NamesSchema = z
  .string()
  .regex(
    /^[A-Za-z0-9][\w.-]{0,62}(?:,[A-Za-z0-9][\w.-]{0,62}){0,999}$/,
    'must be names of instances, separated by commas',
  )
  .transform((text) => text.split(','));

/** Accepts any query: programs that call probes may add parameters of their own. */
export const AnyQuerySchema = z.looseObject({});
