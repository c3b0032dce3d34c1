import { z } from 'zod';

/** Returns the keys that a schema knows at a place inside it; empty where it allows no keys, or any. */
export function keysAt(schema: z.ZodType, steps: readonly PropertyKey[]): string[] {
  const inner = unwrapped(schema);
  const [step, ...further] = steps;
  if (inner instanceof z.ZodUnion) return inner.options.flatMap((option) => keysAt(option as z.ZodType, steps));
  if (step === undefined) return inner instanceof z.ZodObject ? Object.keys(inner.shape) : [];
  const below = schemaBelow(inner, step);
  return below === undefined ? [] : keysAt(below, further);
}

function schemaBelow(schema: z.ZodType, step: PropertyKey): z.ZodType | undefined {
  if (schema instanceof z.ZodObject) return (schema.shape as Record<PropertyKey, z.ZodType>)[step] ?? catchall(schema);
  if (schema instanceof z.ZodArray) return schema.element as z.ZodType;
  if (schema instanceof z.ZodRecord) return schema.valueType as z.ZodType;
  return undefined;
}

function catchall(schema: z.ZodObject): z.ZodType | undefined {
  return schema.def.catchall as z.ZodType | undefined;
}

/** Removes the wrappers optional, nullable, default and pipe from a schema. */
function unwrapped(schema: z.ZodType): z.ZodType {
  if (
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodNullable ||
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodPrefault
  ) {
    return unwrapped(schema.unwrap() as z.ZodType);
  }
  return schema instanceof z.ZodPipe ? unwrapped(schema.in as z.ZodType) : schema;
}
