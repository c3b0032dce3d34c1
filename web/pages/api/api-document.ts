/** The parts of `openapi.json` that the page shows. */
export interface ApiDocument {
  info: { version: string; description: string };
  tags: readonly { name: string }[];
  paths: Readonly<Record<string, PathItem>>;
  components: { schemas: Schemas };
}

type PathItem = Partial<Record<'get' | 'post' | 'put' | 'delete', DescribedOperation>> & {
  parameters?: readonly Parameter[];
};

/** Bodies by media type. */
export type Content = Readonly<Record<string, { schema: Schema; example?: unknown }>>;

interface DescribedOperation {
  operationId: string;
  tags: readonly string[];
  summary: string;
  'x-permission': string;
  'x-cost-class': string;
  security: readonly Readonly<Record<string, readonly string[]>>[];
  parameters: readonly (Parameter | { $ref: string })[];
  requestBody?: { required: boolean; content: Content };
  responses: Readonly<Record<string, { description: string; content: Content }>>;
}

/** A parameter of the path, the query or a header. */
export interface Parameter {
  name: string;
  in: 'path' | 'query' | 'header';
  required?: boolean;
  description?: string;
  schema: Schema;
}

/** A JSON Schema with the keywords that the document uses. */
export interface Schema {
  $ref?: string;
  type?: string | readonly string[];
  const?: unknown;
  enum?: readonly unknown[];
  format?: string;
  description?: string;
  default?: unknown;
  pattern?: string;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  minLength?: number;
  maxLength?: number;
  minItems?: number;
  maxItems?: number;
  items?: Schema;
  properties?: Readonly<Record<string, Schema>>;
  required?: readonly string[];
  propertyNames?: Schema;
  additionalProperties?: Schema | boolean;
  anyOf?: readonly Schema[];
  oneOf?: readonly Schema[];
}

/** The alternatives of a value; empty: it has none. A reader need not know whether several may be right at once. */
export function alternativesOf({ anyOf, oneOf }: Schema): readonly Schema[] {
  return anyOf ?? oneOf ?? [];
}

/** The named schemas of the document. */
export type Schemas = Readonly<Record<string, Schema>>;

/** A method and path of the API. */
export interface Operation {
  id: string;
  tag: string;
  /** In upper case. */
  method: string;
  path: string;
  summary: string;
  permission: string;
  cost: string;
  credentials: Credentials;
  /** Without those that all operations share. */
  parameters: readonly Parameter[];
  body: { isRequired: boolean; content: Content } | null;
  answers: readonly { status: string; description: string; content: Content }[];
  errors: readonly ApiErrorCase[];
}

/** The credentials of a request while accounts are on. `key`: a key, or the token of a log-in. */
export type Credentials = 'none' | 'optional' | 'key' | 'cookie';

/** A possible error of an operation. */
export interface ApiErrorCase {
  status: string;
  code: string;
  meaning: string;
}

/** Returns all operations, in the order of the document. */
export function operationsOf({ paths }: Pick<ApiDocument, 'paths'>): Operation[] {
  return Object.entries(paths).flatMap(([path, { parameters = [], ...methods }]) =>
    Object.entries(methods).map(([method, described]) => operationOf(method, path, parameters, described)),
  );
}

function operationOf(
  method: string,
  path: string,
  ofPath: readonly Parameter[],
  described: DescribedOperation,
): Operation {
  const { operationId, tags, summary, security, parameters, requestBody, responses } = described;
  const all = Object.entries(responses);
  return {
    id: operationId,
    tag: tags[0] ?? '',
    method: method.toUpperCase(),
    path,
    summary,
    permission: described['x-permission'],
    cost: described['x-cost-class'],
    credentials: credentialsOf(security),
    // References are to headers that all operations share.
    parameters: [...ofPath, ...parameters.filter((each) => 'name' in each)],
    body: requestBody === undefined ? null : { isRequired: requestBody.required, content: requestBody.content },
    answers: all.flatMap(([status, { description, content }]) =>
      errorsOf(status, description).length === 0 ? [{ status, description, content }] : [],
    ),
    errors: all.flatMap(([status, { description }]) => errorsOf(status, description)),
  };
}

/** Each entry of `security` is one way; an empty one means that credentials may be absent. */
function credentialsOf(security: DescribedOperation['security']): Credentials {
  const ways = security.flatMap((scheme) => Object.keys(scheme));
  if (ways.length === 0) return 'none';
  if (ways.includes('browserCookie')) return 'cookie';
  return security.some((scheme) => Object.keys(scheme).length === 0) ? 'optional' : 'key';
}

/** The description of an error status has a line for each code: `` `NOT_FOUND`: Nothing is there. `` */
const ERROR_LINE = /^`([A-Z_]+)`: (.*)$/s;

/** Returns none for the status of an answer: the 503 of a probe is one. */
function errorsOf(status: string, description: string): ApiErrorCase[] {
  return description.split('\n\n').flatMap((line) => {
    const [, code, meaning] = ERROR_LINE.exec(line) ?? [];
    return code === undefined || meaning === undefined ? [] : [{ status, code, meaning }];
  });
}

/** Returns the operations of each tag, in the order of the document. Tags without operations are left out. */
export function byTag(operations: readonly Operation[]): [string, Operation[]][] {
  return [...Map.groupBy(operations, ({ tag }) => tag)];
}

/** Whether the page can send the operation: it reads, and needs neither a parameter nor a body. */
export function isSendable({ method, parameters }: Operation): boolean {
  return method === 'GET' && parameters.every(({ required = false }) => !required);
}
