import { z } from 'zod';

/** What a person writes by hand, for an editor that completes and checks it. */
export interface EditorSchema {
  title: string;
  description: string;
  schema: z.ZodType;
}

/**
 * A JSON Schema of draft 7, the newest that the language servers for YAML and JSON know whole, as text of a file. It
 * describes what may be written; what only llamactl can judge (an engine's options, ports of others) it lets pass.
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

/** In draft 7 nothing may stand beside a reference: a whole that has an id is put in the place of the reference to it. */
function unwrapped({ $ref, definitions = {}, ...rest }: z.core.JSONSchema.BaseSchema): z.core.JSONSchema.BaseSchema {
  const id = $ref?.replace('#/definitions/', '');
  const { [id ?? '']: whole = {}, ...others } = definitions as Record<string, z.core.JSONSchema.BaseSchema>;
  return { ...rest, ...whole, ...(Object.keys(others).length === 0 ? {} : { definitions: others }) };
}

/** Leaves out what tells an editor nothing. */
function simplify({ jsonSchema }: { jsonSchema: z.core.JSONSchema.BaseSchema }): void {
  // Bounds that only say which numbers are exact.
  if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
  if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
  // Read without its flag `u`, as some readers do, it would be about the letters p, C and Z.
  if (jsonSchema.pattern?.includes('\\p{') === true) delete jsonSchema.pattern;
  // The library's own, beside a pattern that says the same.
  if (jsonSchema.format === 'starts_with') delete jsonSchema.format;
  if (JSON.stringify(jsonSchema.propertyNames) === '{"type":"string"}') delete jsonSchema.propertyNames;
}
