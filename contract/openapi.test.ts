import { validate } from '@hyperjump/json-schema/openapi-3-1';
import { describe, expect, it } from 'vitest';
import { ERRORS, type ErrorCode } from './errors.ts';
import { openApiDocument } from './openapi.ts';
import type { DescribedOperation } from './openapi-document.ts';
import type { Operation } from './operation.ts';
import { OPERATIONS } from './operations.ts';

const openApi = openApiDocument('1.2.3');
const document = JSON.parse(JSON.stringify(openApi)) as typeof openApi;

const described = Object.entries(document.paths).flatMap(([path, { parameters: shared = [], ...operations }]) =>
  Object.entries(operations).map(([method, operation]) => ({ path, method, operation, shared })),
);

const operationOf = (id: string): DescribedOperation | undefined =>
  described.find(({ operation }) => operation.operationId === id)?.operation;

/** The media type of an answer that is no JSON. */
const textOf = (id: string): string | undefined =>
  Object.values<Operation>(OPERATIONS).find((each) => each.id === id)?.text;

/** Every object inside a value, with its path. */
function* objectsIn(value: unknown, place = '#'): Generator<[string, Record<string, unknown>]> {
  if (typeof value !== 'object' || value === null) return;
  if (!Array.isArray(value)) yield [place, value as Record<string, unknown>];
  for (const [key, child] of Object.entries(value)) yield* objectsIn(child, `${place}/${key}`);
}

function resolve(reference: string): unknown {
  return reference
    .slice(2)
    .split('/')
    .reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], document);
}

describe('OpenAPI document', () => {
  it('has the members that OpenAPI 3.1 requires, and no others', () => {
    expect(document.openapi).toMatch(/^3\.1\.\d+$/);
    expect(document.info).toMatchObject({ title: 'llamactl', version: '1.2.3' });
    expect(Object.keys(document).toSorted()).toEqual(['components', 'info', 'openapi', 'paths', 'servers', 'tags']);
  });

  it('is valid by the official schemas of OpenAPI 3.1 and JSON Schema 2020-12', async () => {
    const judge = await validate('https://spec.openapis.org/oas/3.1/schema-base');
    const outcomeOf = (text: string) => judge(JSON.parse(text) as Parameters<typeof judge>[0], 'BASIC');
    const text = JSON.stringify(document);
    expect(outcomeOf(text)).toEqual({ valid: true });
    const broken = text.replace('"type":"object"', '"type":"thing"');
    expect(outcomeOf(broken).valid, 'the validator reads schemas too').toBe(false);
  });

  it('has valid defaults, and regular expressions that every validator supports', () => {
    for (const [place, { pattern, default: usual, ...schema }] of objectsIn(document)) {
      if (place.endsWith('/properties')) continue;
      if (typeof pattern === 'string') {
        expect(() => new RegExp(pattern, 'u'), place).not.toThrow();
        expect(pattern, place).not.toMatch(/\\[pPkuU]\{/);
      }
      if (Array.isArray(usual) && typeof schema['minItems'] === 'number')
        expect(usual.length, place).toBeGreaterThanOrEqual(schema['minItems']);
    }
  });

  it('describes lists of fixed length without prefixItems, which code generators do not read', () => {
    expect([...objectsIn(document)].filter(([, object]) => 'prefixItems' in object)).toEqual([]);
    const range = [...objectsIn(document)].filter(([place]) => place.endsWith('/port_range'));
    expect(range.length).toBeGreaterThan(1);
    for (const [, schema] of range) {
      expect(schema).toMatchObject({
        type: 'array',
        items: { type: 'integer', minimum: 1, maximum: 65_535 },
        minItems: 2,
        maxItems: 2,
      });
    }
  });

  it('lists the errors of /metrics', () => {
    expect(Object.keys(operationOf('getMetrics')?.responses ?? {})).toEqual(['200', '401', '403', '500', '503']);
    expect(Object.keys(operationOf('getReadiness')?.responses ?? {})).toEqual(['200', '403', '500', '503']);
  });

  it('lists 503 without memory for the body of an operation that may have a large one', () => {
    const codesAt503 = (id: string): string =>
      JSON.stringify((operationOf(id)?.responses as Record<string, unknown> | undefined)?.['503']);
    expect(codesAt503('applyFleet')).toContain('`CAPACITY_EXCEEDED`');
    expect(codesAt503('listInstances')).not.toContain('CAPACITY_EXCEEDED');
    expect(codesAt503('login')).not.toContain('CAPACITY_EXCEEDED');
  });

  it('describes every operation once, under its id', () => {
    const ids = described.map(({ operation }) => operation.operationId);
    expect(ids.toSorted()).toEqual(Object.keys(OPERATIONS).toSorted());
    for (const [key, { id }] of Object.entries(OPERATIONS)) expect(id).toBe(key);
    const places = Object.values<Operation>(OPERATIONS).map(({ method, path }) => `${method} ${path}`);
    expect(new Set(places).size).toBe(places.length);
  });

  it('has no dangling reference and no unused schema', () => {
    const references = [...objectsIn(document)].flatMap(([, { $ref }]) => (typeof $ref === 'string' ? [$ref] : []));
    for (const reference of references) expect(resolve(reference), reference).toBeTypeOf('object');
    for (const name of Object.keys(document.components.schemas))
      expect(references).toContain(`#/components/schemas/${name}`);
  });

  it('declares exactly the parameters of each path, as required', () => {
    for (const { path, shared } of described) {
      const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      expect(shared.map(({ name }) => name)).toEqual(names);
      for (const parameter of shared) expect(parameter).toMatchObject({ in: 'path', required: true });
    }
  });

  it('has no two paths that differ only in the names of their parameters', () => {
    const shapes = Object.keys(document.paths).map((path) => path.replaceAll(/\{\w+\}/g, '{}'));
    expect(new Set(shapes).size).toBe(shapes.length);
  });

  it('gives every answer a description and a schema', () => {
    for (const { operation } of described) {
      expect(Object.keys(operation.responses).length).toBeGreaterThan(0);
      for (const [status, answer] of Object.entries(operation.responses)) {
        expect(status).toMatch(/^[2-5]\d\d$/);
        expect(answer.description).not.toBe('');
        const type = (status.startsWith('2') && textOf(operation.operationId)) || 'application/json';
        expect(answer.content[type]?.schema).toBeTypeOf('object');
      }
    }
  });

  it('lists the errors of each operation', () => {
    for (const { operation } of described) {
      const errors: readonly ErrorCode[] =
        (OPERATIONS as Record<string, Operation>)[operation.operationId]?.errors ?? [];
      for (const code of errors) {
        const answer = operation.responses[ERRORS[code].status];
        expect(answer?.description).toContain(`\`${code}\``);
        expect(answer?.content['application/json']?.schema).toEqual({ $ref: '#/components/schemas/Error' });
      }
    }
  });

  it('uses only keywords of JSON Schema', () => {
    const types: ReadonlySet<unknown> = new Set(['string', 'number', 'integer', 'boolean', 'array', 'object', 'null']);
    for (const [place, { type, required, properties }] of objectsIn(document.components.schemas)) {
      if (place.endsWith('/properties')) continue;
      for (const each of [type ?? []].flat()) expect(types.has(each), place).toBe(true);
      if (Array.isArray(required))
        expect(Object.keys(properties as object), place).toEqual(expect.arrayContaining(required));
    }
  });

  it('describes bytes and positions as 64-bit integers', () => {
    const LONG = /^(seq|from_seq|to_seq|bytes_out|read_bytes|write_bytes|(gpu_)?memory_(usage(_peak)?|total))$/;
    const fields = [...objectsIn(document.components.schemas)].filter(([place]) =>
      LONG.test(place.split('/').at(-1) ?? ''),
    );
    expect(fields.length).toBeGreaterThan(15);
    for (const [place, field] of fields)
      expect(JSON.stringify(field), place).toMatch(/"type":"integer",("minimum":0,)?"format":"int64"/);
  });

  it('allows unknown fields in answers but not in requests', () => {
    const { Instance, CreateInstance, UpdateInstance } = document.components.schemas;
    expect(Instance).not.toHaveProperty('additionalProperties');
    expect(CreateInstance).toMatchObject({ additionalProperties: false, required: ['name'] });
    expect(UpdateInstance).toMatchObject({ additionalProperties: false });
    expect(UpdateInstance).not.toHaveProperty('required');
  });

  it.each(['CreateInstance', 'UpdateInstance', 'Instance', 'InstanceSummary'])(
    'says what each field of %s is',
    (name) => {
      const { schemas } = document.components;
      const fields = Object.entries(schemas[name]?.properties ?? {});
      const silent = fields.filter(([, field]) => {
        const target = field.$ref?.split('/').at(-1);
        return (field.description ?? (target === undefined ? undefined : schemas[target]?.description)) === undefined;
      });
      expect(fields.length).toBeGreaterThan(10);
      expect(silent.map(([field]) => field)).toEqual([]);
    },
  );

  it('describes flags as booleans and optional bodies as optional', () => {
    const start = operationOf('startInstance');
    expect(start?.parameters).toContainEqual(
      expect.objectContaining({ name: 'wait', in: 'query', schema: { type: 'boolean' } }),
    );
    expect(start).not.toHaveProperty('requestBody');
    const stop = operationOf('stopInstance');
    expect(stop?.requestBody).toMatchObject({ required: false });
    const create = operationOf('createInstance');
    expect(create?.requestBody).toMatchObject({ required: true });
  });

  it('describes numbers in a query as numbers with their bounds', () => {
    const parameters = operationOf('getInstanceLogs')?.parameters;
    expect(parameters).toContainEqual(
      expect.objectContaining({ name: 'lines', schema: { type: 'integer', minimum: 0, maximum: 10_000 } }),
    );
    expect(parameters).toContainEqual(
      expect.objectContaining({
        name: 'after_seq',
        schema: { type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER },
      }),
    );
    expect(operationOf('getAudit')?.parameters).toContainEqual(
      expect.objectContaining({
        name: 'before_seq',
        schema: { type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER },
      }),
    );
  });

  it('bounds the window of the history', () => {
    const window = operationOf('getInstanceStats')?.parameters.find((each) => 'name' in each && each.name === 'window');
    const pattern = new RegExp(String(window !== undefined && 'schema' in window && window.schema.pattern), 'u');
    for (const text of ['1', '001', '15m', '24h', '1d', '86400s']) expect(text).toMatch(pattern);
    for (const text of ['0', '000', '0h', '', '-1', '1w']) expect(text).not.toMatch(pattern);
    expect(document.components.schemas['StatsHistory']?.properties?.['window']).toMatchObject({
      minimum: 1,
      maximum: 86_400,
    });
  });

  it('lists every media type of a body or an answer', () => {
    const forms = (content: Record<string, unknown> | undefined): string[] => Object.keys(content ?? {});
    const [apply, download, logs] = [
      operationOf('applyFleet'),
      operationOf('exportFleet'),
      operationOf('getInstanceLogs'),
    ];
    expect(forms(apply?.requestBody?.content)).toEqual(['application/json', 'application/yaml']);
    expect(forms(apply?.responses['200']?.content)).toEqual(['application/json']);
    expect(forms(download?.responses['200']?.content)).toEqual(['application/json', 'application/yaml']);
    expect(logs?.responses['200']?.content).toMatchObject({
      'application/json': { schema: { $ref: '#/components/schemas/Logs' } },
      'text/event-stream': { schema: expect.any(Object) as unknown },
      'application/x-ndjson': { schema: expect.any(Object) as unknown },
    });
    expect(forms(operationOf('createInstance')?.requestBody?.content)).toEqual(['application/json']);
  });
});
