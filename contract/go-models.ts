import { wireSchemas } from './client-models.ts';
import type { Schema } from './openapi-document.ts';
import { ERRORS } from './errors.ts';
import { goComment, goName } from './go-names.ts';

const HEAD = `// Code generated from contract/ by npm run generate. DO NOT EDIT.

package llamactl
`;

/** Names of the document that mean something else in the package, or nothing. */
const NAMES: Readonly<Record<string, string>> = {
  Error: 'errorBody',
  Gpu: 'GPU',
  JsonValue: 'any',
  Options: 'EngineOptions',
  Subscribe: 'subscription',
};
/** Written by hand: what is one of several has no type in Go. */
const BY_HAND = new Set(['Frame', 'JsonValue', 'LogGap', 'LogItem']);
/** What has no name in the document: by the name of what holds it and its place in that. Other words are plain strings. */
const INNER: Readonly<Record<string, string>> = {
  AlertLevel: 'AlertLevel',
  BatchResultResultsItem: 'BatchStep',
  ConfigEnginesValue: 'ConfigEngine',
  ConfigGroupsValue: 'ConfigGroup',
  ConfigViewConfig: 'Config',
  ConfigWrittenConfig: 'Config',
  HealthStatus: 'HealthStatus',
  InstanceStatusChangedEventCause: 'StopCause',
  LogsGap: 'Gap',
  SystemAlertEventLevel: 'AlertLevel',
  SystemAlertEventState: 'AlertState',
  SystemStatusInstances: 'InstanceCounts',
  SystemStatusResources: 'Resources',
  errorBodyCode: 'Code',
  subscriptionTypesItem: 'EventType',
};

/**
 * The types of the Go client: everything that has a name in the OpenAPI document, and what the WebSocket of the events
 * carries. It comes as `gofmt` would leave it.
 *
 * @param version Of the project.
 */
export function goModels(version: string): string {
  return new GoModels(wireSchemas(version)).text();
}

/** The version of the Go client. @param version Of the project. */
export function goVersion(version: string): string {
  return `${HEAD}\n// Version of this module: that of the llamactl that it was made with.\nconst Version = "${version}"\n`;
}

/** A type: how it is written, and whether its zero value is nothing. */
interface GoType {
  text: string;
  /** `plain`: its zero value says something, or is no value at all. */
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

  /** A name stands for one thing, from wherever it is reached. What is said of it where it stands is said there. */
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

  /** @param place Where it stands: the name that it gets if it needs one. */
  #type(schema: Schema, place: string): GoType {
    const { $ref, type, anyOf, oneOf } = schema;
    if ($ref !== undefined) return this.#named($ref.slice($ref.lastIndexOf('/') + 1));
    const members = anyOf ?? oneOf ?? (Array.isArray(type) ? type.map((each) => ({ ...schema, type: each })) : null);
    if (members === null) return this.#single(schema, place);
    const told = members.filter((member) => member.type !== 'null');
    return { ...this.#union(told, place), isNullable: told.length < members.length };
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

/** A number that cannot be 0 needs no other sign of being absent. */
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

/** One object that has the fields of all; required are those that all require. Anything else of several kinds is anything. */
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

/** In columns, as `gofmt` has them: a line with a comment begins anew. */
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

/** Answers have the other names. */
function eventName(type: string): string {
  return `${goName(type)}Event`;
}

/** What can be subscribed to, and what is told to everybody, is one type. */
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
// newEventData has room for what an event of this type carries; nil: the type is not known.
func newEventData(kind EventType) EventData {
	switch kind {
${cases.join('')}	}
	return nil
}
`;
}
