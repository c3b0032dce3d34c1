import { z } from 'zod';
import { BODY_EXAMPLES } from './body-examples.ts';
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
  '`/api/instances/{name}/proxy/*` forward requests to engines; docs/api.md describes them.';

/** Error codes of every operation under `/api`. */
const COMMON_ERRORS: readonly ErrorCode[] = [
  'VALIDATION_ERROR',
  'FORBIDDEN',
  'RATE_LIMITED',
  'INTERNAL_ERROR',
  'SHUTTING_DOWN',
];
/** Error codes of every operation outside `/api`: the server checks `Host` there too. */
const OUTSIDE_ERRORS: readonly ErrorCode[] = ['FORBIDDEN', 'INTERNAL_ERROR'];
/** Error codes of every operation that needs credentials. */
const CREDENTIAL_ERRORS: readonly ErrorCode[] = ['UNAUTHORIZED', 'TOKEN_EXPIRED'];
const BODY_ERRORS: readonly ErrorCode[] = ['INVALID_JSON', 'PAYLOAD_TOO_LARGE', 'UNSUPPORTED_MEDIA_TYPE'];

const JSON_TYPE = 'application/json';
/** Media types of bodies that can be JSON or YAML. */
const FORMS = [JSON_TYPE, 'application/yaml'];

/** Returns the API as an OpenAPI 3.1 document. The schemas that operations use become components. */
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
  RequestId: { description: 'The id of the request, from the caller or from llamactl.', schema: { type: 'string' } },
  RateLimitLimit: {
    description: 'Requests of this class that a caller may make per minute; absent while rate limits are off.',
    schema: { type: 'integer' },
  },
  RateLimitRemaining: { description: 'How many requests are left in this minute.', schema: { type: 'integer' } },
  RateLimitReset: { description: 'When the minute ends, in Unix seconds.', schema: { type: 'integer' } },
};

/** The ways to send credentials. They are needed only while authentication is on. */
const SECURITY_SCHEMES = {
  bearer: { type: 'http', scheme: 'bearer', description: 'The token of a log-in, or a key (`llk_…`).' },
  apiKey: { type: 'apiKey', in: 'header', name: 'X-Api-Key', description: 'A key (`llk_…`).' },
  browserCookie: {
    type: 'apiKey',
    in: 'cookie',
    name: 'llamactl_ID',
    description:
      'The log-in of the web page; ID is the identifier of the data directory. `Origin` has to be that of this server.',
  },
};
const SECURITY = [{ bearer: [] }, { apiKey: [] }];

function securityOf({ permission, credentials }: Operation): DescribedOperation['security'] {
  if (credentials === 'cookie') return [{ browserCookie: [] }];
  if (credentials === 'optional') return [{}, ...SECURITY];
  return permission === 'public' ? [] : SECURITY;
}

const REQUEST_ID_PARAMETER: DescribedParameter = {
  name: 'X-Request-Id',
  in: 'header',
  description: 'An id for this request, chosen by the caller. llamactl makes one if it is absent or not of this form.',
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
    security: securityOf(operation),
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
            content: bodyContent(operation, schemas.of(body.schema, 'input')),
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

/** The success answer in all its media types. The schema of a stream describes one item. */
function answerContent({ success, streams, yaml, text }: Operation, schemas: Components): Content {
  return {
    ...contentOf(yaml === 'answer' ? FORMS : [text ?? JSON_TYPE], schemas.of(success.schema, 'output')),
    ...(streams === undefined ? {} : contentOf(streams.types, schemas.of(streams.schema, 'output'))),
  };
}

/** The body of a request in all its media types, with an example in JSON. */
function bodyContent({ id, yaml }: Operation, schema: Schema): Content {
  const json = { [JSON_TYPE]: { schema, example: BODY_EXAMPLES[id] } };
  return yaml === 'body' ? { ...contentOf(FORMS, schema), ...json } : json;
}

function contentOf(types: readonly string[], schema: Schema): Content {
  return Object.fromEntries(types.map((type) => [type, { schema }]));
}

function describedStatus(status: number, success: number): string {
  if (status !== success) return status < 300 ? 'Nothing new was created.' : 'Not ready.';
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

/** One answer for each error status. Its description lists the possible codes. */
function errorResponses(operation: Operation, schemas: Components): Record<string, DescribedAnswer> {
  const { path, permission, credentials, cost, body, errors } = operation;
  const known = permission === 'public' && credentials !== 'cookie' ? [] : CREDENTIAL_ERRORS;
  const common = path.startsWith('/api') ? COMMON_ERRORS : OUTSIDE_ERRORS;
  const codes = new Set([...common, ...known, ...(body === undefined ? [] : BODY_ERRORS), ...errors]);
  const answers = [...codes].map((code): { status: number; code: ErrorCode } => ({
    status: ERRORS[code].status,
    code,
  }));
  // No memory is left for the body. Bodies of public operations are too small to need any.
  if (body !== undefined && permission !== 'public') answers.push({ status: 503, code: 'CAPACITY_EXCEEDED' });
  const byStatus = Map.groupBy(answers, ({ status }) => status);
  const content = { 'application/json': { schema: schemas.of(ErrorSchema, 'output') } };
  const headers = commonHeaders(cost);
  return Object.fromEntries(
    [...byStatus].map(([status, those]) => [
      status,
      { description: those.map(({ code }) => `\`${code}\`: ${ERRORS[code].meaning}`).join('\n\n'), headers, content },
    ]),
  );
}

/** Collects the schemas that have an id. All other schemas are written where they are used. */
class Components {
  readonly #schemas = new Map<string, Schema>();

  /** Returns a schema, as a reference if it has an id. */
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

  /** The name of a component. A schema that differs between requests and answers gets two names. */
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

/** Removes parts of zod's schemas that bloat the document or forbid new fields in answers. */
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
  // A number in a query: zod parses it from text by a pattern.
  if (jsonSchema.type === 'integer') delete jsonSchema.pattern;
  const { def } = zodSchema._zod;
  if (def.type === 'object' && def.catchall === undefined) delete jsonSchema.additionalProperties;
  if (jsonSchema.format === 'date-time') delete jsonSchema.pattern;
  if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
  // A number in a query is text to zod, so its maximum stays: the server enforces it.
  if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER && def.type === 'number') delete jsonSchema.maximum;
  if (jsonSchema.prefixItems !== undefined) describeFixedList(jsonSchema, jsonSchema.prefixItems);
  if (jsonSchema.pattern !== undefined) jsonSchema.pattern = portable(jsonSchema.pattern);
}

/** Describes a tuple as a list of fixed length: code generators and older validators do not read `prefixItems`. */
function describeFixedList(
  schema: z.core.JSONSchema.BaseSchema,
  members: readonly z.core.JSONSchema._JSONSchema[],
): void {
  const [item, ...others] = members;
  const isUniform = others.every((other) => JSON.stringify(other) === JSON.stringify(item));
  if (item === undefined || !isUniform) throw new Error('a list of a fixed length must have items of one type');
  delete schema.prefixItems;
  Object.assign(schema, { items: item, minItems: members.length, maxItems: members.length });
}

/**
 * Replaces Unicode classes such as `\p{C}`, which not all validators support (JSON Schema 2020-12, 6.4), by their
 * characters in ASCII and Latin-1. The server checks with the full classes.
 */
function portable(pattern: string): string {
  return pattern.replaceAll('\\p{C}', '\\u0000-\\u001f\\u007f-\\u009f').replaceAll('\\p{Z}', '\\s');
}
