import { alternativesOf, type Schema, type Schemas } from './api-document.ts';

/** The words with which types and bounds are described. */
export interface SchemaWords {
  anything: string;
  or: string;
  listOf: (item: string) => string;
  mapTo: (value: string) => string;
  /** A text or list with at least one member. */
  notEmpty: string;
  atLeast: (count: number) => string;
  between: (least: number, most: number) => string;
  moreThan: (count: number) => string;
  atMost: (count: number) => string;
  characters: (range: string) => string;
  items: (range: string) => string;
  matches: string;
  standard: string;
}

/** Direction of a value. Fields are `required` when sent, and `may be missing` when answered. */
export type Direction = 'sent' | 'answered';

/** A field of an object. */
export interface SchemaField {
  name: string;
  /** Its type in a few words: `list of string`. */
  kind: string;
  isRequired: boolean;
  description: string | null;
  /** Bounds, pattern and default. */
  remarks: readonly string[];
  /** The objects inside of it; empty: it has no fields of its own. */
  inner: readonly Schema[];
}

/** Patterns with other characters are not shown, because people cannot read them. */
const PRINTABLE = /^[ -~]+$/;

/** Returns the named schema that a reference means, or the schema itself. */
export function resolved(schema: Schema, schemas: Schemas): Schema {
  const name = nameOf(schema);
  return (name === null ? undefined : schemas[name]) ?? schema;
}

/** The name of the schema to which a reference leads; `null`: the schema is no reference. */
function nameOf({ $ref }: Schema): string | null {
  return $ref?.split('/').at(-1) ?? null;
}

/**
 * Describes the type of a value. An object with a name is described by its name.
 *
 * @param seen Names that the description is inside of; a schema may contain itself.
 */
export function kindOf(
  schema: Schema,
  schemas: Schemas,
  words: SchemaWords,
  seen: ReadonlySet<string> = new Set(),
): string {
  const name = nameOf(schema);
  if (name !== null) {
    const named = schemas[name];
    if (named === undefined || seen.has(name) || objectsIn(schema, schemas).length > 0) return name;
    // A text with a few values is better described by the values than by its name.
    return kindOf(named, schemas, words, new Set([...seen, name]));
  }
  const inner = (part: Schema): string => kindOf(part, schemas, words, seen);
  const alternatives = alternativesOf(schema);
  const { const: only, enum: choices, type, items, properties } = schema;
  if (alternatives.length > 0) return [...new Set(alternatives.map(inner))].join(` ${words.or} `);
  if (only !== undefined) return JSON.stringify(only);
  if (choices !== undefined) return choices.map((choice) => JSON.stringify(choice)).join(' | ');
  if (type === 'array') return words.listOf(items === undefined ? words.anything : inner(items));
  if (type === 'object' && properties === undefined) return words.mapTo(inner(valueOf(schema)));
  return type === undefined ? words.anything : [type].flat().join(` ${words.or} `);
}

function valueOf({ additionalProperties }: Schema): Schema {
  return typeof additionalProperties === 'object' ? additionalProperties : {};
}

/** Returns the objects with fields that a value is or contains: the alternatives, the items of a list, the values of a map. */
export function objectsIn(schema: Schema, schemas: Schemas): Schema[] {
  return objectsBelow(schema, schemas, new Set());
}

/** @param seen References that were followed already; a schema may contain itself. */
function objectsBelow(schema: Schema, schemas: Schemas, seen: ReadonlySet<string>): Schema[] {
  const name = nameOf(schema);
  if (name !== null) {
    const named = schemas[name];
    return named === undefined || seen.has(name) ? [] : objectsBelow(named, schemas, new Set([...seen, name]));
  }
  const { properties, items, additionalProperties } = schema;
  if (properties !== undefined) return [schema];
  const parts = [...alternativesOf(schema), items, additionalProperties].filter((part) => typeof part === 'object');
  return parts.flatMap((part) => objectsBelow(part, schemas, seen));
}

/** Returns the fields of one object. */
export function fieldsOf(object: Schema, schemas: Schemas, words: SchemaWords): SchemaField[] {
  const required = new Set(object.required);
  return Object.entries(object.properties ?? {}).map(([name, field]) => ({
    name,
    kind: kindOf(field, schemas, words),
    isRequired: required.has(name),
    description: field.description ?? resolved(field, schemas).description ?? null,
    remarks: remarksOf(resolved(field, schemas), words),
    inner: objectsIn(field, schemas),
  }));
}

/** Describes bounds, pattern and default of a value. */
export function remarksOf(schema: Schema, words: SchemaWords): string[] {
  const { minimum, exclusiveMinimum, maximum, minLength, maxLength, minItems, maxItems, pattern } = schema;
  const above = exclusiveMinimum === undefined ? '' : words.moreThan(exclusiveMinimum);
  const value = [above, rangeOf(minimum, maximum, words)].filter((part) => part !== '').join(', ');
  return [
    ...(value === '' ? [] : [value]),
    ...sizeOf(minLength, maxLength, words.characters, words),
    ...sizeOf(minItems, maxItems, words.items, words),
    ...(pattern !== undefined && PRINTABLE.test(pattern) ? [`${words.matches} \`${pattern}\``] : []),
    ...(schema.default === undefined ? [] : [`${words.standard} \`${JSON.stringify(schema.default)}\``]),
  ];
}

/** The bounds of a count. A least count of 0 says nothing. */
function sizeOf(
  least: number | undefined,
  most: number | undefined,
  unit: (range: string) => string,
  words: SchemaWords,
): string[] {
  if (least === 1 && most === undefined) return [words.notEmpty];
  const range = rangeOf(least === 0 ? undefined : least, most, words);
  return range === '' ? [] : [unit(range)];
}

function rangeOf(least: number | undefined, most: number | undefined, words: SchemaWords): string {
  if (least !== undefined && least === most) return String(least);
  const low = least === undefined || least <= Number.MIN_SAFE_INTEGER ? null : least;
  const high = most === undefined || most >= Number.MAX_SAFE_INTEGER ? null : most;
  if (low !== null && high !== null) return words.between(low, high);
  if (low !== null) return words.atLeast(low);
  return high === null ? '' : words.atMost(high);
}
