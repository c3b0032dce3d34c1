import { wireSchemas } from './client-models.ts';
import type { Schema } from './openapi-document.ts';
import { className, descriptionOf, orNone, pythonType } from './python-types.ts';

/** Schemas of documents that people also write. They become dictionaries; schemas of answers become classes. */
const WRITTEN = new Set(['Fleet', 'CreateInstance']);
/** Bodies of requests that need no class: methods take their fields as parameters. */
const BODIES =
  /^(ChangePassword|ConfigPatch|Create(?:Key|User)|Login|Name[ds]Body|ParseBody|RenameInstance|StopBody|Update(?:Instance|User))$/;
/** Schemas that become `Any`, because they refer to themselves. */
const ANY = new Set(['JsonValue']);
/** Names of nested objects, by parent and field. Other nested objects are named after both. */
const INNER: Readonly<Record<string, string>> = {
  'BatchResult.results': 'BatchStep',
  'ConfigView.config': 'Config',
  'ConfigWritten.config': 'Config',
  'Config.groups': 'ConfigGroup',
  'Config.presets': 'ConfigPreset',
  'LogGap.gap': 'Gap',
  'Logs.gap': 'Gap',
  'SystemStatus.instances': 'InstanceCounts',
  'SystemStatus.resources': 'Resources',
};

const HEAD = `"""The types of answers, documents and events. Generated from contract/ by \`npm run generate\`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeAlias, TypedDict

from ._model import Model as _Base

JsonValue: TypeAlias = Any
"""Any JSON value."""
`;

/**
 * Writes the module \`models\` of the Python client, with a class for each object of an answer or an event.
 *
 * @param version The version of the project.
 */
export function pythonModels(version: string): string {
  const { Frame = {}, PastEvent = {}, Subscribe = {}, ...components } = wireSchemas(version);
  const writer = new ModelWriter();
  for (const [name, schema] of Object.entries(components)) {
    if (!BODIES.test(name) && !ANY.has(name)) writer.component(className(name), schema);
  }
  writer.frames('Frame', Frame, 'An event.');
  writer.frames('PastEvent', PastEvent, 'A kept event.');
  writer.eventTypes(Subscribe);
  return [HEAD, ...writer.declarations()].join('\n\n');
}

/** Collects declarations, including those of nested objects. */
class ModelWriter {
  /** Aliases of classes. Python needs the classes to be declared before them. */
  readonly #aliases = new Map<string, string>();
  readonly #literals = new Map<string, string>();
  readonly #classes = new Map<string, string>();

  /** Declares a named schema of the OpenAPI document. */
  component(name: string, schema: Schema): void {
    if (Object.keys(schema.properties ?? {}).length > 0) this.#class(name, schema);
    else this.#alias(name, schema);
    const code = schema.properties?.['code']?.enum;
    if (name === 'ErrorBody' && code !== undefined) this.#alias('ErrorCode', { enum: code });
  }

  /** Declares a class for each type of event, and the union of a schema. */
  frames(union: string, { anyOf, oneOf = anyOf ?? [] }: Schema, about: string): void {
    const names = oneOf
      .flatMap((member) => member.oneOf ?? member.anyOf ?? [member])
      .map((frame) => {
        const words = String(frame.properties?.['type']?.const).split('_');
        const name = `${words.map(capitalised).join('')}Event`;
        this.#class(name, frame);
        return name;
      });
    this.#aliases.set(union, `${union}: TypeAlias = ${names.join(' | ')}\n"""${about}"""\n`);
  }

  /** Declares the types of events that a client can subscribe to. */
  eventTypes({ properties = {} }: Schema): void {
    this.#alias('EventType', properties['types']?.items ?? {});
  }

  declarations(): string[] {
    const sorted = (all: Map<string, string>): string[] =>
      [...all].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, declaration]) => declaration);
    return [...sorted(this.#literals), ...sorted(this.#classes), ...sorted(this.#aliases)];
  }

  #alias(name: string, schema: Schema): void {
    const description = descriptionOf(schema);
    const comment = description === undefined ? '' : `"""${sentence(description)}"""\n`;
    // Read-only types, so that people may pass any mapping or sequence.
    const type = this.#type(schema, name).replace('dict[', 'Mapping[').replace('list[', 'Sequence[');
    const kind = /^[A-Z]\w*( \| [A-Z]\w*)*$/.test(type) ? this.#aliases : this.#literals;
    kind.set(name, `${name}: TypeAlias = ${type}\n${comment}`);
  }

  #class(name: string, schema: Schema): void {
    const declaration = WRITTEN.has(name) ? this.#dictionary(name, schema) : this.#model(name, schema);
    const present = this.#classes.get(name);
    if (present !== undefined && bare(present) !== bare(declaration)) throw new Error(`there are two of ${name}`);
    if (present === undefined || present.length < declaration.length) this.#classes.set(name, declaration);
  }

  #model(name: string, { properties = {}, required = [], description }: Schema): string {
    const fields = Object.entries(properties).map(([field, schema]) => {
      const type = this.#type(schema, `${name}.${field}`);
      return `    ${attributeOf(field)}: ${required.includes(field) ? type : orNone(type)}\n${fieldComment(schema)}`;
    });
    const comment = description === undefined ? '' : `    """${sentence(description)}"""\n\n`;
    return `class ${name}(_Base):\n${comment}${fields.join('')}`;
  }

  /** Writes two classes: in older versions of Python, that is the only way to mark some fields as required. */
  #dictionary(name: string, { properties = {}, required = [] }: Schema): string {
    const part = (isRequired: boolean): string =>
      Object.entries(properties)
        .filter(([field]) => required.includes(field) === isRequired)
        .map(([field, schema]) => `    ${field}: ${this.#type(schema, `${name}.${field}`)}\n${fieldComment(schema)}`)
        .join('');
    return `class _${name}Required(TypedDict):\n${part(true)}\n\nclass ${name}(_${name}Required, total=False):\n${part(false)}`;
  }

  #type(schema: Schema, place: string): string {
    return pythonType(schema, place, (inner, where) => {
      const name = INNER[where] ?? where.split('.').map(capitalised).join('');
      this.#class(name, inner);
      return name;
    });
  }
}

/** A declaration without its docstrings. */
function bare(declaration: string): string {
  return declaration.replaceAll(/^ *""".*"""\n\n?/gm, '');
}

function capitalised(word: string): string {
  return word
    .split('_')
    .map((part) => part.charAt(0).toUpperCase() + part.slice(1))
    .join('');
}

/** The attribute for a field. A keyword of Python gets an underscore at its end. */
function attributeOf(field: string): string {
  return field === 'from' ? 'from_' : field;
}

function fieldComment(schema: Schema): string {
  const description = descriptionOf(schema);
  return description === undefined ? '' : `    """${sentence(description)}"""\n`;
}

/** A docstring's text. A quote at its end gets a space, to separate it from the closing quotes. */
function sentence(text: string): string {
  return text.endsWith('"') ? `${text} ` : text;
}
