import { z } from 'zod';
import { FrameSchema, SubscribeSchema } from './events.ts';
import { openApiDocument } from './openapi.ts';
import type { Schema } from './openapi-document.ts';

/** Components whose own name means something else in TypeScript. */
const NAMES: Readonly<Record<string, string>> = { Error: 'ErrorBody' };

const HEAD = `/* Generated from contract/ by \`npm run generate\`. */
/* What goes over the wire, by the names that it has there. */
`;

/**
 * The types of the client library: everything that has a name in the OpenAPI document, and what the WebSocket of the
 * events carries, as plain TypeScript.
 *
 * @param version Of the project.
 */
export function clientModels(version: string): string {
  const declarations = Object.entries<Schema>(wireSchemas(version))
    .map(([name, schema]) => [NAMES[name] ?? name, schema] as const)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, schema]) => declarationOf(name, schema));
  const code = `/** The \`code\` of an error answer; stable. */\nexport type ErrorCode = ErrorBody['code'];\n`;
  return [HEAD, ...declarations, code].join('\n');
}

/** By its name, everything that goes over the wire: what the OpenAPI document names, and what the WebSocket carries. */
export function wireSchemas(version: string): Record<string, Schema> {
  const { schemas } = openApiDocument(version).components;
  return { ...schemas, Frame: schemaOf(FrameSchema), Subscribe: schemaOf(SubscribeSchema) };
}

function schemaOf(schema: z.ZodType): Schema {
  const { $defs: _, ...root } = z.toJSONSchema(schema, { io: 'output' }) as Schema & { $defs?: unknown };
  return root;
}

function declarationOf(name: string, schema: Schema): string {
  const comment = commentOf(schema, '');
  const type = typeOf(schema, '');
  return isInterface(schema)
    ? `${comment}export interface ${name} ${type}\n`
    : `${comment}export type ${name} = ${type};\n`;
}

function isInterface({ type, properties = {} }: Schema): boolean {
  return type === 'object' && Object.keys(properties).length > 0;
}

/** What may also be `null` has its description inside. */
function commentOf({ anyOf = [], ...schema }: Schema, indent: string): string {
  const description = schema.description ?? anyOf[0]?.description;
  return description === undefined ? '' : `${indent}/** ${description.replaceAll('*/', '*\\/')} */\n`;
}

function typeOf(schema: Schema, indent: string): string {
  const { $ref, anyOf, oneOf, type } = schema;
  if ($ref !== undefined) return nameOf($ref);
  if ('const' in schema) return literal(schema.const);
  if (schema.enum !== undefined) return unionOf(schema.enum.map(literal));
  const members = anyOf ?? oneOf;
  if (members !== undefined) return unionOf(members.map((member) => typeOf(member, indent)));
  if (Array.isArray(type)) return unionOf(type.map((each) => typeOf({ ...schema, type: each }, indent)));
  switch (type) {
    case 'object':
      return objectType(schema, indent);
    case 'array':
      return arrayType(schema, indent);
    case 'integer':
      return 'number';
    case 'string':
    case 'number':
    case 'boolean':
    case 'null':
      return type;
    default:
      return 'unknown';
  }
}

function nameOf(reference: string): string {
  const name = reference.slice(reference.lastIndexOf('/') + 1);
  return NAMES[name] ?? name;
}

function arrayType({ items = {}, minItems, maxItems }: Schema, indent: string): string {
  const item = typeOf(items, indent);
  if (minItems !== undefined && minItems === maxItems) {
    return `[${Array.from({ length: minItems }, () => item).join(', ')}]`;
  }
  return isUnion(items) ? `(${item})[]` : `${item}[]`;
}

function isUnion({ anyOf, oneOf, enum: values, type }: Schema): boolean {
  return [anyOf, oneOf, values, type].some((members) => Array.isArray(members) && members.length > 1);
}

/**
 * What the document leaves open, because fields may be added, is not part of the type: it would hide misspellings. Where
 * names are free, an index signature has to fit those that are told as well.
 */
function objectType({ properties = {}, required = [], additionalProperties: more }: Schema, indent: string): string {
  const isOpen = typeof more === 'object';
  const inner = `${indent}  `;
  const fields = Object.entries(properties).map(([name, schema]) => {
    const isRequired = required.includes(name);
    const type = typeOf(schema, inner);
    return `${commentOf(schema, inner)}${inner}${keyOf(name)}${isRequired ? `: ${type}` : `?: ${type} | undefined`};\n`;
  });
  if (fields.length === 0) return isOpen ? `{ [name: string]: ${typeOf(more, indent)} }` : 'Record<string, never>';
  const types = isOpen ? [...Object.values(properties), more].map((schema) => typeOf(schema, inner)) : [];
  const rest = isOpen ? [`${inner}[name: string]: ${types.includes('unknown') ? 'unknown' : unionOf(types)};\n`] : [];
  return `{\n${[...fields, ...rest].join('')}${indent}}`;
}

function keyOf(name: string): string {
  return /^[A-Za-z_]\w*$/.test(name) ? name : literal(name);
}

function literal(value: unknown): string {
  return typeof value === 'string' ? `'${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'` : String(value);
}

function unionOf(types: readonly string[]): string {
  const isAnyText = types.includes('string');
  const told = types.filter((type) => !isAnyText || !type.startsWith("'"));
  return [...new Set(told)].join(' | ');
}
