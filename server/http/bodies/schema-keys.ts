import { z } from 'zod';

/** The keys that a schema knows at a place inside it; empty where any key may stand or none. */
export function keysAt(schema: z.ZodType, steps: readonly PropertyKey[]): string[] {
  const here = unwrapped(schema);
  const [step, ...further] = steps;
  if (here instanceof z.ZodUnion) return here.options.flatMap((option) => keysAt(option as z.ZodType, steps));
  if (step === undefined) return here instanceof z.ZodObject ? Object.keys(here.shape) : [];
  const below = schemaBelow(here, step);
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

/** Without what says that it may be left out, be `null` or have a default. */
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
