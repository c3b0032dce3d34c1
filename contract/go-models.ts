import { wireSchemas } from './client-models.ts';
import type { Schema } from './openapi-document.ts';
import { ERRORS } from './errors.ts';
import { goComment, goName } from './go-names.ts';

const HEAD = `// Code generated from contract/ by npm run generate. DO NOT EDIT.

package llamactl
`;

/** Names of schemas that differ in the Go package. */
const NAMES: Readonly<Record<string, string>> = {
  Error: 'errorBody',
  Gpu: 'GPU',
  JsonValue: 'any',
  Options: 'EngineOptions',
  PastEvent: 'Event',
  Subscribe: 'subscription',
};
/** Schemas whose Go types are written by hand, because Go has no union types. */
const BY_HAND = new Set(['Frame', 'JsonValue', 'LogGap', 'LogItem', 'PastEvent']);
/** Go names of schemas without a name of their own, by parent and field. Enumerations that are not listed become `string`. */
const INNER: Readonly<Record<string, string>> = {
  AlertLevel: 'AlertLevel',
  BatchResultResultsItem: 'BatchStep',
  ConfigEnginesValue: 'ConfigEngine',
  ConfigGroupsValue: 'ConfigGroup',
  ConfigPresetsValue: 'ConfigPreset',
  ConfigViewConfig: 'Config',
  ConfigWrittenConfig: 'Config',
  HealthStatus: 'HealthStatus',
  InstanceStatusChangedEventCause: 'StopCause',
  InstanceStatusChangedEventTrigger: 'Trigger',
  LogsGap: 'Gap',
  PastAlertLevel: 'AlertLevel',
  SystemAlertEventLevel: 'AlertLevel',
  SystemAlertEventState: 'AlertState',
  SystemStatusInstances: 'InstanceCounts',
  errorBodyCode: 'Code',
  subscriptionTypesItem: 'EventType',
};

/**
 * Writes the types of the Go client, formatted like `gofmt`: every named schema of the OpenAPI document, and the frames
 * of the events WebSocket.
 *
 * @param version The version of the project.
 */
export function goModels(version: string): string {
  return new GoModels(wireSchemas(version)).text();
}

/** Writes the file with the version of the Go client. @param version The version of the project. */
export function goVersion(version: string): string {
  return `${HEAD}\n// Version of this module, which is the version of llamactl it belongs to.\nconst Version = "${version}"\n`;
}

/** A type of Go, and the meaning of its zero value. */
interface GoType {
  text: string;
  /** `nothing`: the zero value means absent. `plain`: the zero value is a valid value, or the type is a struct. */
  zero: 'nothing' | 'nil' | 'plain';
  isNullable: boolean;
}

interface Field {
  name: string;
  type: string;
  tag: string;
  comment: string;
}

class GoModels {
  readonly #schemas: Readonly<Record<string, Schema>>;
  readonly #declarations = new Map<string, string>();

  constructor(schemas: Readonly<Record<string, Schema>>) {
    this.#schemas = schemas;
  }

  text(): string {
    const frames = framesIn(this.#schemas['Frame'] ?? {});
    for (const [name, schema] of Object.entries(this.#schemas)) {
      if (!BY_HAND.has(name)) this.#declare(NAMES[name] ?? name, withType(name, schema, frames), schema.description);
    }
    for (const { type, data } of frames) this.#declare(eventName(type), data);
    const declarations = [...this.#declarations].sort(([one], [other]) => (one < other ? -1 : 1));
    return [HEAD, 'import "time"\n', ...declarations.map(([, text]) => text), eventData(frames)].join('\n');
  }

  /** Declares a type once, although several places may use it. Descriptions of those places stay with their fields. */
  #declare(name: string, schema: Schema, about = ''): void {
    const comment = about === '' ? '' : goComment(`${name}: ${about}`, '');
    const text = comment + this.#declaration(name, schema);
    const present = this.#declarations.get(name);
    if (present !== undefined && present !== text) throw new Error(`${name} would be two things in Go`);
    this.#declarations.set(name, text);
  }

  #declaration(name: string, schema: Schema): string {
    if (schema.enum !== undefined) return enumeration(name, schema.enum.map(String));
    if (schema.type === 'object' && Object.keys(schema.properties ?? {}).length > 0) return this.#struct(name, schema);
    return `type ${name} ${this.#type(schema, name).text}\n`;
  }

  #struct(name: string, { properties = {}, required = [] }: Schema): string {
    const fields = Object.entries(properties).map(([key, schema]) => {
      const type = this.#type(schema, name + goName(key));
      const isOptional = !required.includes(key);
      return {
        name: goName(key),
        type: fieldType(type, isOptional),
        tag: `\`json:"${key}${isOptional ? ',omitzero' : ''}"\``,
        comment: fieldComment(schema, type.text),
      };
    });
    return `type ${name} struct {\n${laidOut(fields)}}\n`;
  }

  /** @param place Parent and field of the schema: the name of the type if it needs one. */
  #type(schema: Schema, place: string): GoType {
    const { $ref, type, anyOf, oneOf } = schema;
    if ($ref !== undefined) return this.#named($ref.slice($ref.lastIndexOf('/') + 1));
    const members = anyOf ?? oneOf ?? (Array.isArray(type) ? type.map((each) => ({ ...schema, type: each })) : null);
    if (members === null) return this.#single(schema, place);
    const values = members.filter((member) => member.type !== 'null');
    return { ...this.#union(values, place), isNullable: values.length < members.length };
  }

  #union(members: readonly Schema[], place: string): GoType {
    const objects = members.filter(({ type, properties }) => type === 'object' && properties !== undefined);
    if (objects.length > 1 && objects.length === members.length) return this.#type(merged(objects), place);
    const [first, ...rest] = members.map((member) => this.#type(member, place));
    const isOne = first !== undefined && rest.every(({ text }) => text === first.text);
    return isOne ? first : { text: 'any', zero: 'nil', isNullable: false };
  }

  #single(schema: Schema, place: string): GoType {
    const { type, items = {}, minItems, maxItems, properties = {}, additionalProperties: more } = schema;
    const named = INNER[place] ?? place;
    switch (type) {
      case 'string':
        if (schema.format === 'date-time') return { text: 'time.Time', zero: 'nothing', isNullable: false };
        if (schema.enum === undefined || INNER[place] === undefined) return string('string');
        this.#declare(named, schema);
        return string(named);
      case 'boolean':
        return { text: 'bool', zero: schema.const === true ? 'nothing' : 'plain', isNullable: false };
      case 'number':
      case 'integer': {
        const whole = schema.format === 'int64' ? 'int64' : 'int';
        const text = type === 'integer' || schema.const !== undefined ? whole : 'float64';
        return { text, zero: zeroOf(schema), isNullable: false };
      }
      case 'array': {
        const length = minItems === maxItems ? (minItems ?? '') : '';
        const item = this.#type(items, `${named}Item`);
        return { text: `[${length}]${item.text}`, zero: 'nil', isNullable: false };
      }
      case 'object': {
        if (typeof more === 'object') {
          const values = merged([...Object.values(properties), more]);
          return { text: `map[string]${pointed(this.#type(values, `${named}Value`))}`, zero: 'nil', isNullable: false };
        }
        this.#declare(named, schema);
        return { text: named, zero: 'plain', isNullable: false };
      }
      default:
        return { text: 'any', zero: 'nil', isNullable: false };
    }
  }

  #named(name: string): GoType {
    const schema = this.#schemas[name] ?? {};
    const text = NAMES[name] ?? name;
    if (text === 'any') return { text, zero: 'nil', isNullable: false };
    if (schema.enum !== undefined) return string(text);
    return { text, zero: schema.properties === undefined ? 'nil' : 'plain', isNullable: false };
  }
}

const string = (text: string): GoType => ({ text, zero: 'nothing', isNullable: false });

/** If a number cannot be 0, then 0 can mean absent. */
function zeroOf({ minimum = 0, const: only }: Schema): GoType['zero'] {
  return minimum > 0 || only !== undefined ? 'nothing' : 'plain';
}

function fieldType(type: GoType, isOptional: boolean): string {
  if (type.isNullable && isOptional) return `Patch[${type.text}]`;
  if (type.isNullable) return pointed(type);
  return isOptional && type.zero === 'plain' ? `*${type.text}` : type.text;
}

function pointed({ text, zero, isNullable }: GoType): string {
  return isNullable && zero !== 'nil' ? `*${text}` : text;
}

/** Merges objects into one with the fields of all; a field is required if all require it. Other unions stay unions. */
function merged(schemas: readonly Schema[]): Schema {
  const all = schemas.flatMap(({ anyOf, oneOf, ...schema }) => anyOf ?? oneOf ?? [schema]);
  const [first = {}] = all;
  if (all.length === 1) return first;
  if (!all.every(({ properties }) => properties !== undefined)) return { anyOf: all };
  const required = (first.required ?? []).filter((name) => all.every((each) => each.required?.includes(name) === true));
  const properties = Object.fromEntries(all.flatMap((each) => Object.entries(each.properties ?? {})));
  return { type: 'object', properties, required };
}

function descriptionOf({ description, anyOf = [] }: Schema): string | undefined {
  return description ?? anyOf[0]?.description;
}

function fieldComment(schema: Schema, type: string): string {
  const about = descriptionOf(schema)?.replaceAll('`null`', 'nil') ?? '';
  const words = type === 'string' && schema.enum !== undefined ? `One of ${schema.enum.join(', ')}.` : '';
  const text = [about, words].filter((part) => part !== '').join(' ');
  return text === '' ? '' : goComment(text, '\t');
}

/** Aligns fields in columns, as `gofmt` does: a field with a comment starts a new block. */
function laidOut(fields: readonly Field[]): string {
  const runs: Field[][] = [];
  for (const field of fields) {
    const run = runs.at(-1);
    if (run === undefined || field.comment !== '' || run[0]?.comment !== '') runs.push([field]);
    else run.push(field);
  }
  return runs.map(aligned).join('\n');
}

function aligned(run: readonly Field[]): string {
  const widest = (key: 'name' | 'type'): number => Math.max(...run.map((field) => field[key].length));
  const [names, types] = [widest('name'), widest('type')];
  const line = ({ name, type, tag, comment }: Field): string =>
    `${comment}\t${name.padEnd(names)} ${type.padEnd(types)} ${tag}\n`;
  return run.map(line).join('');
}

function enumeration(name: string, words: readonly string[]): string {
  const meanings = name === 'Code' ? (ERRORS as Readonly<Record<string, { meaning: string }>>) : {};
  const names = words.map((word) => name + goName(word));
  const width = Math.max(...names.map((each) => each.length));
  const lines = words.map((word, index) => {
    const meaning = meanings[word]?.meaning;
    const constant = names[index] ?? '';
    if (meaning === undefined) return `\t${constant.padEnd(width)} ${name} = "${word}"\n`;
    return `${goComment(meaning, '\t')}\t${constant} ${name} = "${word}"\n`;
  });
  return `type ${name} string\n\nconst (\n${lines.join(Object.keys(meanings).length > 0 ? '\n' : '')})\n`;
}

interface FrameOf {
  type: string;
  data: Schema;
}

function framesIn({ anyOf, oneOf, properties }: Schema): FrameOf[] {
  const members = anyOf ?? oneOf;
  if (members !== undefined) return members.flatMap(framesIn);
  return [{ type: String(properties?.['type']?.const), data: properties?.['data'] ?? {} }];
}

/** The name of an event's type. The suffix avoids clashes with names of answers. */
function eventName(type: string): string {
  return `${goName(type)}Event`;
}

/** Makes one enumeration of all event types: those of subscriptions, and those that need no subscription. */
function withType(name: string, schema: Schema, frames: readonly FrameOf[]): Schema {
  const types = schema.properties?.['types'];
  if (name !== 'Subscribe' || types === undefined) return schema;
  const words = new Set([...(types.items?.enum ?? []), ...frames.map(({ type }) => type)]);
  const withAll = { ...types, items: { ...types.items, enum: [...words] } };
  return { ...schema, properties: { ...schema.properties, types: withAll } };
}

function eventData(frames: readonly FrameOf[]): string {
  const cases = frames.map(({ type }) => `\tcase EventType${goName(type)}:\n\t\treturn new(${eventName(type)})\n`);
  const marks = frames.map(({ type }) => `func (*${eventName(type)}) eventData() {}\n`);
  return `${marks.join('\n')}
// newEventData returns an empty value for the data of an event of this type, or nil for an unknown type.
func newEventData(kind EventType) EventData {
	switch kind {
${cases.join('')}	}
	return nil
}
`;
}
