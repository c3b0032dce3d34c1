import { z } from 'zod';
import { FrameSchema, SubscribeSchema } from './events.ts';
import { openApiDocument } from './openapi.ts';
import type { Schema } from './openapi-document.ts';

/** Components whose name would clash with a global name of TypeScript. */
const NAMES: Readonly<Record<string, string>> = { Error: 'ErrorBody' };

const HEAD = `/* Generated from contract/ by \`npm run generate\`. */
/* The types of requests, answers and events. Fields have the names of the API. */
`;

/**
 * Writes the types of the TypeScript client: every named schema of the OpenAPI document, and the frames of the events
 * WebSocket.
 *
 * @param version The version of the project.
 */
export function clientModels(version: string): string {
  const declarations = Object.entries<Schema>(wireSchemas(version))
    .map(([name, schema]) => [NAMES[name] ?? name, schema] as const)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, schema]) => declarationOf(name, schema));
  const code = `/** The \`code\` of an error answer; stable. */\nexport type ErrorCode = ErrorBody['code'];\n`;
  return [HEAD, ...declarations, code].join('\n');
}

/** Returns all named schemas of the OpenAPI document and of the events WebSocket, by name. */
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

/** The description of a schema as a comment. A nullable schema has its description in its first alternative. */
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
 * Writes the type of an object. The OpenAPI document allows unknown fields, so that fields can be added. The type does
 * not, because that would hide misspellings. In a map, the index signature must also accept the types of the named
 * fields.
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
  const distinct = types.filter((type) => !isAnyText || !type.startsWith("'"));
  return [...new Set(distinct)].join(' | ');
}
