import { z } from 'zod';
import { ERRORS, ErrorSchema, type ErrorCode } from './errors.ts';
import type { Header, Operation } from './operation.ts';
import type {
  Content,
  DescribedAnswer,
  DescribedHeader,
  DescribedOperation,
  DescribedParameter,
  OpenApiDocument,
  PathItem,
  Reference,
  Schema,
} from './openapi-document.ts';
import { OPERATIONS } from './operations.ts';
import { PATH_PARAMETERS } from './path-parameters.ts';
import { FlagSchema } from './query.ts';

type Direction = 'input' | 'output';

const DESCRIPTION =
  'The management API of llamactl. Errors have one shape and a stable `code`. `/v1/*` (OpenAI and Anthropic APIs) and ' +
  '`/api/instances/{name}/proxy/*` pass requests on to engines and are described in docs/api.md.';

/** Codes that every operation under `/api` can raise. */
const COMMON_ERRORS: readonly ErrorCode[] = [
  'VALIDATION_ERROR',
  'FORBIDDEN',
  'RATE_LIMITED',
  'INTERNAL_ERROR',
  'SHUTTING_DOWN',
];
/** Codes that every operation outside `/api` can raise: its `Host` is judged too. */
const OUTSIDE_ERRORS: readonly ErrorCode[] = ['FORBIDDEN', 'INTERNAL_ERROR'];
/** Codes that every operation can raise that needs credentials. */
const CREDENTIAL_ERRORS: readonly ErrorCode[] = ['UNAUTHORIZED', 'TOKEN_EXPIRED'];
const BODY_ERRORS: readonly ErrorCode[] = ['INVALID_JSON', 'PAYLOAD_TOO_LARGE', 'UNSUPPORTED_MEDIA_TYPE'];

const JSON_TYPE = 'application/json';
/** Of what can be JSON or YAML. */
const FORMS = [JSON_TYPE, 'application/yaml'];

/** The API as an OpenAPI 3.1 document: the operations, and the schemas that they use as components. */
export function openApiDocument(version: string): OpenApiDocument {
  const schemas = new Components();
  const paths: Record<string, PathItem> = {};
  for (const operation of Object.values<Operation>(OPERATIONS)) {
    const path = (paths[operation.path] ??= parametersOf(operation.path, schemas));
    path[operation.method.toLowerCase() as Lowercase<Operation['method']>] = describe(operation, schemas);
  }
  return {
    openapi: '3.1.1',
    info: { title: 'llamactl', version, description: DESCRIPTION, license: { name: 'MIT', identifier: 'MIT' } },
    servers: [{ url: '/', description: 'The server that this document comes from.' }],
    tags: [...new Set(Object.values<Operation>(OPERATIONS).map(({ tag }) => tag))].map((name) => ({ name })),
    paths,
    components: {
      schemas: schemas.sorted(),
      parameters: { RequestId: REQUEST_ID_PARAMETER },
      headers: HEADERS,
      securitySchemes: SECURITY_SCHEMES,
    },
  };
}

const HEADERS = {
  RequestId: { description: 'The id of the request, as given or made.', schema: { type: 'string' } },
  RateLimitLimit: {
    description: 'Requests of this class that a caller may make in a minute; absent while nothing is limited.',
    schema: { type: 'integer' },
  },
  RateLimitRemaining: { description: 'How many of them are left.', schema: { type: 'integer' } },
  RateLimitReset: { description: 'When the minute is over, Unix seconds.', schema: { type: 'integer' } },
};

/** While authentication is on. */
const SECURITY_SCHEMES = {
  bearer: { type: 'http', scheme: 'bearer', description: 'The token of a login, or a key (`llk_…`).' },
  apiKey: { type: 'apiKey', in: 'header', name: 'X-Api-Key', description: 'A key (`llk_…`).' },
};
const SECURITY = [{ bearer: [] }, { apiKey: [] }];

const REQUEST_ID_PARAMETER: DescribedParameter = {
  name: 'X-Request-Id',
  in: 'header',
  description: 'An id of the caller for this request; made when it is absent or not of this form.',
  schema: { type: 'string', pattern: '^[A-Za-z0-9._-]{1,128}$' },
};

function describe(operation: Operation, schemas: Components): DescribedOperation {
  const {
    id,
    tag,
    summary,
    permission,
    cost,
    query,
    body,
    success,
    requestHeaders = [],
    responseHeaders = [],
  } = operation;
  const statuses = [success.status, ...(operation.otherStatuses ?? [])];
  const answer = {
    headers: { ...commonHeaders(cost), ...Object.fromEntries(responseHeaders.map(headerOf)) },
    content: answerContent(operation, schemas),
  };
  return {
    operationId: id,
    tags: [tag],
    summary,
    'x-permission': permission,
    'x-cost-class': cost,
    security: permission === 'public' ? [] : SECURITY,
    parameters: [
      { $ref: '#/components/parameters/RequestId' },
      ...requestHeaders.map(({ name, description }) => ({
        name,
        in: 'header' as const,
        description,
        schema: { type: 'string' },
      })),
      ...(query === undefined ? [] : queryParameters(query, schemas)),
    ],
    ...(body === undefined
      ? {}
      : {
          requestBody: {
            required: !body.optional,
            content: contentOf(operation.yaml === 'body' ? FORMS : [JSON_TYPE], schemas.of(body.schema, 'input')),
          },
        }),
    responses: {
      ...Object.fromEntries(
        statuses.map((status) => [status, { description: describedStatus(status, success.status), ...answer }]),
      ),
      ...errorResponses(operation, schemas),
    },
  };
}

function commonHeaders(cost: Operation['cost']): Record<string, Reference> {
  const reference = (name: keyof typeof HEADERS): Reference => ({ $ref: `#/components/headers/${name}` });
  return {
    'X-Request-Id': reference('RequestId'),
    ...(cost === 'free'
      ? {}
      : {
          'X-RateLimit-Limit': reference('RateLimitLimit'),
          'X-RateLimit-Remaining': reference('RateLimitRemaining'),
          'X-RateLimit-Reset': reference('RateLimitReset'),
        }),
  };
}

/** The success answer in all its forms. What is streamed is described by one item of it. */
function answerContent({ success, streams, yaml, text }: Operation, schemas: Components): Content {
  return {
    ...contentOf(yaml === 'answer' ? FORMS : [text ?? JSON_TYPE], schemas.of(success.schema, 'output')),
    ...(streams === undefined ? {} : contentOf(streams.types, schemas.of(streams.schema, 'output'))),
  };
}

function contentOf(types: readonly string[], schema: Schema): Content {
  return Object.fromEntries(types.map((type) => [type, { schema }]));
}

function describedStatus(status: number, success: number): string {
  if (status !== success) return 'Not ready.';
  return status === 201 ? 'Created.' : 'Done.';
}

function headerOf({ name, description }: Header): [string, DescribedHeader] {
  return [name, { description, schema: { type: 'string' } }];
}

function parametersOf(path: string, schemas: Components): PathItem {
  const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name as keyof typeof PATH_PARAMETERS);
  if (names.length === 0) return {};
  const parameters = names.map((name) => ({
    name,
    in: 'path' as const,
    required: true,
    schema: schemas.of(PATH_PARAMETERS[name].schema, 'input'),
  }));
  return { parameters };
}

function queryParameters(query: z.ZodType, schemas: Components): DescribedParameter[] {
  const { properties = {}, required = [] } = schemas.of(query, 'input');
  return Object.entries(properties).map(([name, { description, ...schema }]) => ({
    name,
    in: 'query' as const,
    required: required.includes(name),
    ...(description === undefined ? {} : { description }),
    schema,
  }));
}

/** One answer for each status; its description tells which codes it can carry. */
function errorResponses(operation: Operation, schemas: Components): Record<string, DescribedAnswer> {
  const { path, permission, cost, body, errors } = operation;
  const known = permission === 'public' ? [] : CREDENTIAL_ERRORS;
  const common = path.startsWith('/api') ? COMMON_ERRORS : OUTSIDE_ERRORS;
  const codes = new Set([...common, ...known, ...(body === undefined ? [] : BODY_ERRORS), ...errors]);
  const byStatus = Map.groupBy(codes, (code) => ERRORS[code].status);
  const content = { 'application/json': { schema: schemas.of(ErrorSchema, 'output') } };
  const headers = commonHeaders(cost);
  return Object.fromEntries(
    [...byStatus].map(([status, those]) => [
      status,
      { description: those.map((code) => `\`${code}\`: ${ERRORS[code].meaning}`).join('\n\n'), headers, content },
    ]),
  );
}

/** Collects the schemas that have an id; everything else stands where it is used. */
class Components {
  readonly #schemas = new Map<string, Schema>();

  /** A schema, as a reference if it has an id. */
  of(schema: z.ZodType, direction: Direction): Schema {
    const {
      $schema: _,
      $defs = {},
      ...root
    } = z.toJSONSchema(schema, { io: direction, override: simplify }) as Schema & {
      $schema?: string;
      $defs?: Record<string, Schema>;
    };
    const names = new Map(
      Object.entries($defs).map(([id, definition]) => [id, this.#nameFor(id, definition, direction)]),
    );
    for (const [id, definition] of Object.entries($defs))
      this.#schemas.set(names.get(id) ?? id, renamed(definition, names));
    return renamed(root, names);
  }

  sorted(): Record<string, Schema> {
    return Object.fromEntries([...this.#schemas].sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  /** A schema that takes something else than it gives has two forms. */
  #nameFor(id: string, definition: Schema, direction: Direction): string {
    const known = this.#schemas.get(id);
    const isOther = known !== undefined && JSON.stringify(known) !== JSON.stringify(renamed(definition, new Map()));
    return isOther && direction === 'input' ? `${id}Input` : id;
  }
}

function renamed(schema: Schema, names: ReadonlyMap<string, string>): Schema {
  const text = JSON.stringify(schema).replaceAll(
    /"#\/\$defs\/([^"]+)"/g,
    (_, id: string) => `"#/components/schemas/${names.get(id) ?? id}"`,
  );
  return JSON.parse(text) as Schema;
}

/** What the library says of a type, without what only bloats a document or closes the door to new fields. */
function simplify({
  zodSchema,
  jsonSchema,
}: {
  zodSchema: z.core.$ZodTypes;
  jsonSchema: z.core.JSONSchema.BaseSchema;
}): void {
  if (zodSchema === FlagSchema.in) {
    jsonSchema.type = 'boolean';
    delete jsonSchema.enum;
  }
  // A number that came as text.
  if (jsonSchema.type === 'integer') delete jsonSchema.pattern;
  const { def } = zodSchema._zod;
  if (def.type === 'object' && def.catchall === undefined) delete jsonSchema.additionalProperties;
  if (jsonSchema.format === 'date-time') delete jsonSchema.pattern;
  if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
  // A number of a query is text to the library, and has the bound because the server refuses more.
  if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER && def.type === 'number') delete jsonSchema.maximum;
  if (jsonSchema.prefixItems !== undefined) describeFixedList(jsonSchema, jsonSchema.prefixItems);
  if (jsonSchema.pattern !== undefined) jsonSchema.pattern = portable(jsonSchema.pattern);
}

/** Generators of code and older validators do not read `prefixItems`. A list of equal items needs none. */
function describeFixedList(
  schema: z.core.JSONSchema.BaseSchema,
  members: readonly z.core.JSONSchema._JSONSchema[],
): void {
  const [item, ...others] = members;
  const isUniform = others.every((other) => JSON.stringify(other) === JSON.stringify(item));
  if (item === undefined || !isUniform) throw new Error('a list of a fixed length must have items of one type here');
  delete schema.prefixItems;
  Object.assign(schema, { items: item, minItems: members.length, maxItems: members.length });
}

/**
 * Classes such as `\p{C}` are no part of the regular expressions that all validators know (JSON Schema 2020-12, 6.4): the
 * characters of ASCII and Latin-1 stand for them. The server judges by the whole classes.
 */
function portable(pattern: string): string {
  return pattern.replaceAll('\\p{C}', '\\u0000-\\u001f\\u007f-\\u009f').replaceAll('\\p{Z}', '\\s');
}
