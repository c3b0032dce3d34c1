import type { Schema } from './openapi-document.ts';

/** Names the class of a nested object. Its place is parent and field, such as `Instance.stats`. */
export type NameObject = (schema: Schema, place: string) => string;

/** Components whose name would mislead in Python. */
const NAMES: Readonly<Record<string, string>> = { Error: 'ErrorBody' };

/** The class name of a component. */
export function className(reference: string): string {
  const name = reference.slice(reference.lastIndexOf('/') + 1);
  return NAMES[name] ?? name;
}

/** Converts a schema to a Python type. */
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

/** A union type, with `None` at its end. */
function union(types: readonly string[]): string {
  const distinct = [...new Set(types)];
  if (distinct.includes('Any')) return 'Any';
  return [...distinct.filter((type) => type !== 'None'), ...(distinct.includes('None') ? ['None'] : [])].join(' | ');
}

/** Makes a type optional by adding `None`. */
export function orNone(type: string): string {
  return type === 'Any' || /(^|\| )None$/.test(type) ? type : `${type} | None`;
}

/** Writes a value as a Python literal. */
export function literal(value: unknown): string {
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  return JSON.stringify(value);
}

/** The description of a schema on one line, with `None` for `null`. A nullable schema has its description in an alternative. */
export function descriptionOf({ description, anyOf = [] }: Schema): string | undefined {
  const text = description ?? anyOf.find((member) => member.description !== undefined)?.description;
  return text?.replaceAll(/\s+/g, ' ').replaceAll('\\', '\\\\').replaceAll('`null`', '`None`').replaceAll('’', "'");
}
