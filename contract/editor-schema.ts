import { z } from 'zod';

/** A document that people write by hand, as a schema with which an editor completes and checks it. */
export interface EditorSchema {
  title: string;
  description: string;
  schema: z.ZodType;
}

/**
 * Writes a JSON Schema file in draft 7, the newest draft that the language servers for YAML and JSON fully support. The
 * schema accepts values that only llamactl can check, such as an engine's options or ports of other instances.
 */
export function editorSchema({ title, description, schema }: EditorSchema): string {
  const made: z.core.JSONSchema.BaseSchema = z.toJSONSchema(schema, {
    io: 'input',
    target: 'draft-7',
    override: simplify,
  });
  const { $schema, ...rest } = made;
  return `${JSON.stringify({ $schema, title, description, ...unwrapped(rest) }, null, 2)}\n`;
}

/** Replaces a reference at the root by its schema: in draft 7, nothing may stand beside a reference. */
function unwrapped({ $ref, definitions = {}, ...rest }: z.core.JSONSchema.BaseSchema): z.core.JSONSchema.BaseSchema {
  const id = $ref?.replace('#/definitions/', '');
  const { [id ?? '']: whole = {}, ...others } = definitions as Record<string, z.core.JSONSchema.BaseSchema>;
  return { ...rest, ...whole, ...(Object.keys(others).length === 0 ? {} : { definitions: others }) };
}

/** Removes parts of a schema that are of no use to an editor. */
function simplify({ jsonSchema }: { jsonSchema: z.core.JSONSchema.BaseSchema }): void {
  // zod adds these bounds to every integer.
  if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
  if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
  // Some editors ignore the flag `u`: the pattern would then match the letters p, C and Z.
  if (jsonSchema.pattern?.includes('\\p{') === true) delete jsonSchema.pattern;
  // zod's own format. A pattern beside it has the same meaning.
  if (jsonSchema.format === 'starts_with') delete jsonSchema.format;
  if (JSON.stringify(jsonSchema.propertyNames) === '{"type":"string"}') delete jsonSchema.propertyNames;
}
