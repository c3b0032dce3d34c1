import { markup, type Markup, prose } from './markup.ts';

/** A JSON Schema, limited to the parts that the page shows. */
export interface Schema {
  $ref?: string;
  type?: string | readonly string[];
  const?: unknown;
  enum?: readonly unknown[];
  description?: string;
  default?: unknown;
  pattern?: string;
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  minItems?: number;
  maxItems?: number;
  items?: Schema;
  properties?: Readonly<Record<string, Schema>>;
  required?: readonly string[];
  additionalProperties?: Schema | boolean;
  anyOf?: readonly Schema[];
  oneOf?: readonly Schema[];
  allOf?: readonly Schema[];
}

/** The schemas of a document, by the names in their references. */
export type Schemas = Readonly<Record<string, Schema>>;

/**
 * Direction of a value. For `sent` values the page marks required fields, for `answered` values fields that may be
 * missing.
 */
export type Way = 'sent' | 'answered';

/** Deepest level of nested objects that is shown. */
const DEEPEST = 4;
/** Patterns with other characters are not shown, because people cannot read them. */
const PRINTABLE = /^[ -~]+$/;
/** JavaScript's largest safe integer: as a bound, it is not shown. */
const BIGGEST = Number.MAX_SAFE_INTEGER;

/** Name of the referenced schema; `null`: the schema is inline. */
export function referred({ $ref }: Schema): string | null {
  return $ref === undefined ? null : ($ref.split('/').at(-1) ?? null);
}

/** The type of a value in a few words. Names of other schemas are links to them. */
export function kindOf(schema: Schema): Markup {
  const name = referred(schema);
  if (name !== null) return markup`<a href="#schema-${name}">${name}</a>`;
  const choices = schema.anyOf ?? schema.oneOf ?? schema.allOf;
  if (choices !== undefined) return joined(choices.map(kindOf), schema.allOf === undefined ? ' or ' : ' and ');
  if (schema.const !== undefined) return markup`<code>${JSON.stringify(schema.const)}</code>`;
  if (schema.enum !== undefined)
    return joined(
      schema.enum.map((one) => markup`<code>${JSON.stringify(one)}</code>`),
      ' ',
    );
  if (schema.type === 'array') return markup`list of ${schema.items === undefined ? 'anything' : kindOf(schema.items)}`;
  if (schema.type === 'object' && schema.properties === undefined) return markup`map to ${kindOf(valueOf(schema))}`;
  return markup`${[schema.type ?? 'anything'].flat().join(' or ')}`;
}

function valueOf({ additionalProperties }: Schema): Schema {
  return typeof additionalProperties === 'object' ? additionalProperties : {};
}

/** The fields of an object, or of a list's items; `null`: no fields. */
export function fieldsOf(schema: Schema, schemas: Schemas, way: Way, depth = 0): Markup | null {
  const known = schemas[referred(schema) ?? ''];
  if (known !== undefined) return depth === 0 ? fieldsOf(known, schemas, way, depth) : null;
  if (depth > DEEPEST) return null;
  const choices = schema.anyOf ?? schema.oneOf ?? schema.allOf;
  if (choices !== undefined) {
    const lists = choices.map((one) => fieldsOf(one, schemas, way, depth + 1)).filter((list) => list !== null);
    return lists.length === 0 ? null : markup`${lists}`;
  }
  if (schema.type === 'array' && schema.items !== undefined) return fieldsOf(schema.items, schemas, way, depth + 1);
  if (schema.properties === undefined) return null;
  const required = new Set(schema.required ?? []);
  const rows = Object.entries(schema.properties).map(([name, field]) => {
    const inside = fieldsOf(field, schemas, way, depth + 1);
    return fieldRow(name, field, presence(required.has(name), way), inside);
  });
  return markup`<dl>${rows}</dl>`;
}

/** Remark about the presence of a field; `null`: none. */
function presence(isRequired: boolean, way: Way): Markup | null {
  if (way === 'sent') return isRequired ? markup` <span class="must">required</span>` : null;
  return isRequired ? null : markup` <span class="may">may be missing</span>`;
}

function fieldRow(name: string, field: Schema, remark: Markup | null, inside: Markup | null): Markup {
  return markup`<div>
    <dt>
      <code>${name}</code>
      <span class="kind">${kindOf(field)}</span>${remark}
    </dt>
    <dd>
      ${aboutOf(field)}${
        inside === null
          ? null
          : markup`<details>
              <summary>fields</summary>
              ${inside}
            </details>`
      }
    </dd>
  </div> `;
}

/** Description, bounds and default of a value; `null`: it has none. */
export function aboutOf(schema: Schema): Markup | null {
  const { description, default: standard } = schema;
  const bounds = [
    ...boundsOf(schema),
    ...(standard === undefined ? [] : [markup`default <code>${JSON.stringify(standard)}</code>`]),
  ];
  if (description === undefined && bounds.length === 0) return null;
  return markup`${description === undefined ? null : prose(description)}${
    bounds.length === 0 ? null : markup` <span class="bounds">${joined(bounds, '; ')}</span>`
  }`;
}

function boundsOf({ minimum, maximum, minLength, maxLength, minItems, maxItems, pattern }: Schema): Markup[] {
  const parts = [
    rangeOf(minimum, maximum, null),
    rangeOf(minLength, maxLength, 'character'),
    rangeOf(minItems, maxItems, 'item'),
  ].filter((part) => part !== '');
  const isShown = pattern !== undefined && PRINTABLE.test(pattern);
  return [...parts.map((part) => markup`${part}`), ...(isShown ? [markup`matches <code>${pattern}</code>`] : [])];
}

/** @param what The counted unit, singular; `null`: the range is of the number itself. */
function rangeOf(least: number | undefined, most: number | undefined, what: string | null): string {
  const counted = (count: number): string => (what === null ? '' : ` ${what}${count === 1 ? '' : 's'}`);
  const isLow = least !== undefined && least > -BIGGEST && (what === null || least > 0);
  const low = isLow ? (what !== null && least === 1 ? 'not empty' : `at least ${least}${counted(least)}`) : null;
  const high = most === undefined || most >= BIGGEST ? null : `at most ${most}${counted(most)}`;
  return [low, high].filter((one) => one !== null).join(', ');
}

function joined(parts: readonly Markup[], between: string): Markup {
  return markup`${parts.map((part, index) => (index === 0 ? part : markup`${between}${part}`))}`;
}
