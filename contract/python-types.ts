import type { Schema } from './openapi-document.ts';

/** Called for an object that stands inside another, with its place: `Instance.stats`. Answers the class that it becomes. */
export type NameObject = (schema: Schema, place: string) => string;

/** Components whose own name means something else in Python. */
const NAMES: Readonly<Record<string, string>> = { Error: 'ErrorBody' };

/** The class of a component. */
export function className(reference: string): string {
  const name = reference.slice(reference.lastIndexOf('/') + 1);
  return NAMES[name] ?? name;
}

/** A schema as a type of Python. */
export function pythonType(schema: Schema, place: string, nameObject: NameObject): string {
  const { $ref, anyOf, oneOf, type, enum: values, items = {} } = schema;
  if ($ref !== undefined) return className($ref);
  if ('const' in schema) return `Literal[${literal(schema.const)}]`;
  if (values !== undefined) return `Literal[${values.map(literal).join(', ')}]`;
  const members = anyOf ?? oneOf ?? (Array.isArray(type) ? type.map((each) => ({ ...schema, type: each })) : undefined);
  if (members !== undefined) return union(members.map((member) => pythonType(member, place, nameObject)));
  switch (type) {
    case 'object':
      return objectType(schema, place, nameObject);
    case 'array':
      return `list[${pythonType(items, place, nameObject)}]`;
    case 'string':
      return 'str';
    case 'integer':
      return 'int';
    case 'number':
      return 'float';
    case 'boolean':
      return 'bool';
    case 'null':
      return 'None';
    default:
      return 'Any';
  }
}

function objectType(schema: Schema, place: string, nameObject: NameObject): string {
  const { properties = {}, additionalProperties: more } = schema;
  if (Object.keys(properties).length > 0) return nameObject(schema, place);
  return `dict[str, ${typeof more === 'object' ? pythonType(more, place, nameObject) : 'Any'}]`;
}

/** `None` comes last. */
function union(types: readonly string[]): string {
  const told = [...new Set(types)];
  if (told.includes('Any')) return 'Any';
  return [...told.filter((type) => type !== 'None'), ...(told.includes('None') ? ['None'] : [])].join(' | ');
}

/** The same type, or nothing. */
export function orNone(type: string): string {
  return type === 'Any' || /(^|\| )None$/.test(type) ? type : `${type} | None`;
}

/** A value as Python writes it. */
export function literal(value: unknown): string {
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  return JSON.stringify(value);
}

/** What a schema says of itself, on one line; what may also be `null` has that inside. Code is in Python's words. */
export function descriptionOf({ description, anyOf = [] }: Schema): string | undefined {
  const text = description ?? anyOf.find((member) => member.description !== undefined)?.description;
  return text?.replaceAll(/\s+/g, ' ').replaceAll('\\', '\\\\').replaceAll('`null`', '`None`').replaceAll('’', "'");
}
