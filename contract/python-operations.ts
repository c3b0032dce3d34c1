import { openApiDocument } from './openapi.ts';
import type { DescribedAnswer, DescribedOperation, Schema } from './openapi-document.ts';
import { className, descriptionOf, literal, pythonType } from './python-types.ts';

/** One parameter of a method. */
interface Parameter {
  name: string;
  type: string;
  /** The default; `undefined`: the parameter is required. */
  initial: string | undefined;
  description: string | undefined;
}

/** Parameters that methods do not take, because `follow_logs` covers them. */
const ELSEWHERE = new Set(['follow', 'Last-Event-ID']);
/** Operations without a deadline, because they may take long. */
const PATIENT = new Set(['deleteInstance', 'deleteAllInstances', 'applyFleet', 'verifyModel']);
/** Bodies that methods take as one parameter, with its name and type. */
const WHOLE: Readonly<Record<string, readonly [name: string, type: string]>> = {
  applyFleet: ['document', 'models.Fleet | str'],
  updateConfig: ['changes', 'Mapping[str, Any]'],
};
/** Fields of bodies that methods do not take, because the path has them. */
const UNTAKEN = new Set(['UpdateInstance.name']);

const HEAD = `"""The operations of the API, each a method. Generated from contract/ by \`npm run generate\`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, cast

from .. import models
from .._address import step
from .._options import Request
from .._unset import UNSET, Unset, changed, given
from .transport import Transport


class Operations:
    """The operations of the API. Parameters are those of the path, then fields of the body, then the query."""

    _transport: Transport

    async def _ask(self, request: Request) -> Any:
        return (await self._transport.json(request)).body
`;

/**
 * Writes the operations of the Python client for asyncio.
 *
 * @param version The version of the project.
 */
export function pythonOperations(version: string): string {
  const { paths, components } = openApiDocument(version);
  const methods = Object.entries(paths).flatMap(([path, item]) => {
    const { parameters: _, ...operations } = item;
    return Object.entries(operations).map(([verb, operation]) =>
      methodOf(path, verb.toUpperCase(), operation, components.schemas),
    );
  });
  return [HEAD, ...methods].join('\n');
}

/** Converts the name of an operation to snake_case. */
function snakeCase(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function methodOf(path: string, verb: string, operation: DescribedOperation, schemas: Record<string, Schema>): string {
  const { operationId, requestBody, responses } = operation;
  // Parameters by reference are common to all operations; the transport sends them.
  const parameters = operation.parameters.filter((each) => 'name' in each);
  const steps = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => parameter(name, 'str'));
  const query = parameters
    .filter((each) => each.in === 'query' && !ELSEWHERE.has(each.name))
    .map(({ name, schema, required, description }) => {
      const what = description ?? descriptionOf(schema);
      return required === true
        ? parameter(name, typeOf(schema), undefined, what)
        : parameter(name, `${typeOf(schema)} | None`, 'None', what);
    });
  const headers = parameters
    .filter((each) => each.in === 'header' && !ELSEWHERE.has(each.name))
    .map(({ name, description }) => [name, parameter(wordOf(name), 'str | None', 'None', description)] as const);
  const body = bodyOf(operationId, requestBody, schemas, new Set(steps.map(({ name }) => name)));
  const fields = body?.parameters ?? [];
  const values = [...fields, ...query];
  const needed = [...steps, ...values.filter(({ initial }) => initial === undefined)];
  const free = [...values.filter(({ initial }) => initial !== undefined), ...headers.map(([, each]) => each)];
  const signature = ['self', ...needed.map(declared), ...(free.length > 0 ? ['*'] : []), ...free.map(declared)];
  const { type, read } = answerOf(responses, schemas);

  const named = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => `{step(${name})}`);
  const given = [literal(verb), `${named === path ? '' : 'f'}"${named}"`];
  if (query.length > 0) given.push(`query={${query.map(({ name }) => `"${name}": ${name}`).join(', ')}}`);
  if (body !== null) given.push(body.argument);
  if (headers.length > 0) {
    given.push(
      `headers=given(${headers.map(([name, each]) => `**{${literal(name.toLowerCase())}: ${each.name}}`).join(', ')})`,
    );
  }
  const others = Object.keys(responses).filter((status) => !status.startsWith('2') && !isError(responses[status]));
  if (others.length > 0) given.push(`other_statuses=(${others.join(', ')},)`);
  if (PATIENT.has(operationId)) given.push('is_patient=True');
  else if (query.some(({ name }) => name === 'wait')) given.push('is_patient=wait is True');

  return `    async def ${snakeCase(operationId)}(
${signature.map((each) => `        ${each},\n`).join('')}    ) -> ${type}:
        """${docstring(operation.summary, [...needed, ...free])}"""
        request = Request(
${given.map((each) => `            ${each},\n`).join('')}        )
        ${read}
`;
}

function parameter(name: string, type: string, initial?: string, description?: string): Parameter {
  return { name, type, initial, description };
}

function declared({ name, type, initial }: Parameter): string {
  return `${name}: ${type}${initial === undefined ? '' : ` = ${initial}`}`;
}

function wordOf(header: string): string {
  return header.toLowerCase().replaceAll('-', '_');
}

function docstring(summary: string, parameters: readonly Parameter[]): string {
  const lines = parameters.flatMap(({ name, description }) =>
    description === undefined ? [] : [`            ${name}: ${description.replaceAll('\\', '\\\\')}\n`],
  );
  const sentence = `${summary.replaceAll('\\', '\\\\')}.`;
  return lines.length === 0 ? sentence : `${sentence}\n\n        Args:\n${lines.join('')}        `;
}

/**
 * The parameters for the fields of a body, and the argument that builds the body from them.
 *
 * @param taken Names of the path's parameters; a field of that name gets `new_` in front.
 */
function bodyOf(
  id: string,
  body: DescribedOperation['requestBody'],
  schemas: Record<string, Schema>,
  taken: ReadonlySet<string>,
): { parameters: Parameter[]; argument: string } | null {
  if (body === undefined) return null;
  const whole = WHOLE[id];
  const reference = body.content['application/json']?.schema.$ref ?? '';
  const name = className(reference);
  const { properties = {}, required = [], description } = schemas[name] ?? {};
  if (whole !== undefined) {
    const [word, type] = whole;
    const isText = type.endsWith(' | str');
    return {
      parameters: [
        parameter(word, type, undefined, isText ? 'The document, or its text in YAML or JSON.' : description),
      ],
      argument: isText
        ? `body=None if isinstance(${word}, str) else ${word},\n            text=${word} if isinstance(${word}, str) else None`
        : `body=${word}`,
    };
  }
  const fields = Object.entries(properties).filter(([field]) => !UNTAKEN.has(`${name}.${field}`));
  // If `None` is a value, then a parameter that is left out needs another default.
  const isPatch = fields.some(([, { anyOf = [] }]) => anyOf.some(({ type }) => type === 'null'));
  const parameters = fields.map(([field, schema]) => {
    const type = typeOf(schema);
    const what = descriptionOf(schema);
    const word = taken.has(field) ? `new_${field}` : field;
    if (required.includes(field)) return parameter(word, type, undefined, what);
    return isPatch
      ? parameter(word, `${type} | Unset`, 'UNSET', what)
      : parameter(word, `${type} | None`, 'None', what);
  });
  const values = fields.map(([field], index) => `${field}=${parameters[index]?.name ?? field}`).join(', ');
  const isOptional = !body.required;
  return { parameters, argument: `body=${isPatch ? 'changed' : 'given'}(${values})${isOptional ? ' or None' : ''}` };
}

function isError(response: DescribedAnswer | undefined): boolean {
  return response?.content['application/json']?.schema.$ref?.endsWith('/Error') ?? true;
}

/** The return type of a method, and the statement that reads the answer. */
function answerOf(
  responses: DescribedOperation['responses'],
  schemas: Record<string, Schema>,
): { type: string; read: string } {
  const [content = {}] = Object.entries(responses)
    .filter(([status]) => status.startsWith('2'))
    .map(([, { content }]) => content);
  const reference = content['application/json']?.schema.$ref;
  if (content['text/plain'] !== undefined) return { type: 'str', read: 'return await self._transport.text(request)' };
  if (reference === undefined) {
    return { type: 'dict[str, Any]', read: 'return cast("dict[str, Any]", await self._ask(request))' };
  }
  const type = `models.${className(reference)}`;
  if (type === 'models.Fleet') return { type, read: `return cast(${type}, await self._ask(request))` };
  // If an answer has one list and nothing else, the method returns the list.
  const [[field, only] = ['', {}], ...rest] = Object.entries(schemas[className(reference)]?.properties ?? {});
  if (rest.length === 0 && only.type === 'array' && only.items?.$ref !== undefined) {
    return {
      type: `list[models.${className(only.items.$ref)}]`,
      read: `return ${type}(await self._ask(request)).${field}`,
    };
  }
  return { type, read: `return ${type}(await self._ask(request))` };
}

function typeOf(schema: Schema): string {
  const type = pythonType(schema, '', () => {
    throw new Error('a method cannot take a nested object');
  });
  // Parameters are only read, so read-only types accept more arguments.
  const readable = type.replaceAll('dict[', 'Mapping[').replaceAll('list[str | float]', 'Sequence[str | float]');
  return readable.replaceAll(/\b(?!Literal|Any|None|Mapping|Sequence)[A-Z]\w*(?![\w"])/g, (name) => `models.${name}`);
}
