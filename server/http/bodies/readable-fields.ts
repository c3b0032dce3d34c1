import { isRecord } from '@llamactl/contract/record';
import { z } from 'zod';
import { hasTooManyValues } from './value-count.ts';

/**
 * The fields of a refused body that its schema accepts, each checked alone. A map such as `options` keeps the entries that
 * are accepted. Empty: the body is no object, or too large to check twice.
 */
export function readableFields(schema: z.ZodType, body: unknown): Record<string, unknown> {
  if (!(schema instanceof z.ZodObject) || !isRecord(body) || hasTooManyValues(body)) return {};
  const shape: z.ZodRawShape = schema.shape;
  const fields = Object.entries(body).map(([key, value]): [string, unknown] => {
    const field = Object.hasOwn(shape, key) ? shape[key] : undefined;
    return [key, field instanceof z.ZodType ? readableValue(field, value) : undefined];
  });
  return Object.fromEntries(fields.filter(([, value]) => value !== undefined));
}

/** `undefined`: nothing of the value is accepted. */
function readableValue(schema: z.ZodType, value: unknown): unknown {
  const whole = schema.safeParse(value);
  if (whole.success) return value;
  if (!isRecord(value)) return undefined;
  const refused = new Set(whole.error.issues.map(({ path: [first] }) => String(first)));
  const rest = Object.fromEntries(Object.entries(value).filter(([key]) => !refused.has(key)));
  return Object.keys(rest).length > 0 && schema.safeParse(rest).success ? rest : undefined;
}
