import type { ApiError, ErrorCode } from '@llamactl/contract/errors';
import { ENGINE_PATHS } from '@llamactl/contract/operations';
import type { GatewayInstance } from './gateway-ports.ts';
import { findRoute } from './route.ts';
import type { PromptShape } from './system-prompt.ts';

/** An API that the gateway serves. A further API is a further object in {@link DIALECTS}. */
export interface Dialect {
  /** The dialect has this path and all below it, unless another dialect has a longer prefix. */
  prefix: string;
  /** Finds the model that a request names. */
  findRoute: typeof findRoute;
  /** By path without query: how a request carries its system prompt. Requests to other paths have none. */
  prompts: ReadonlyMap<string, PromptShape>;
  /** Renders an error of llamactl. */
  render(error: ApiError, requestId: string): { body: unknown; headers: Readonly<Record<string, string>> };
  /** Name of the event for an error within a stream; `null`: events of this API have no names. */
  errorEvent: string | null;
  /** Its list of models; `null`: the API has no list of its own. */
  models: ModelList | null;
}

/** How an API lists models. */
export interface ModelList {
  /** Path of the list. Each model is below it, by its id. */
  path: string;
  /** @param withAliases Whether each alias is a model of its own. */
  all(instances: readonly GatewayInstance[], withAliases: boolean): unknown;
  one(instance: GatewayInstance): unknown;
}

/** Distinguishes an error of llamactl from an engine's. */
const HEADERS = { 'x-llamactl-source': 'llamactl' };

const CHAT: PromptShape = { key: null, messages: 'messages' };
const RESPONSES: PromptShape = { key: 'instructions', messages: 'input' };
const MESSAGES: PromptShape = { key: 'system', messages: null };

const OPENAI: Dialect = {
  prefix: '/v1',
  findRoute,
  prompts: new Map([
    ['/v1/chat/completions', CHAT],
    ['/v1/chat/completions/input_tokens', CHAT],
    ['/v1/responses', RESPONSES],
    ['/v1/responses/input_tokens', RESPONSES],
  ]),
  render: (error) => ({ body: openAiError(error), headers: HEADERS }),
  errorEvent: null,
  models: {
    path: '/v1/models',
    all: (instances, withAliases) => ({
      object: 'list',
      data: instances.flatMap((instance) =>
        [instance.name, ...(withAliases ? instance.aliases : [])].map((id) => openAiModel(instance, id)),
      ),
    }),
    one: (instance) => openAiModel(instance, instance.name),
  },
};

const ANTHROPIC: Dialect = {
  prefix: '/v1/messages',
  findRoute,
  prompts: new Map([
    ['/v1/messages', MESSAGES],
    ['/v1/messages/count_tokens', MESSAGES],
  ]),
  render: (error, requestId) => ({ body: anthropicError(error, requestId), headers: HEADERS }),
  errorEvent: 'error',
  models: null,
};

/** The APIs of `/v1`. */
export const DIALECTS: readonly Dialect[] = [OPENAI, ANTHROPIC];

/** The shapes of errors by path. Those of paths of engines beside `/v1` are OpenAI's, as llama-server's own are. */
export const ERROR_SHAPES: readonly Pick<Dialect, 'prefix' | 'render'>[] = [
  ...DIALECTS,
  ...ENGINE_PATHS.map((prefix) => ({ ...OPENAI, prefix })),
];

/** Returns the API of a path under `/v1`, or of an engine beside it, which is OpenAI's. @param path Without query. */
export function dialectOf(path: string): Dialect {
  return shapeFor(path, DIALECTS) ?? OPENAI;
}

/** Returns the shape with the longest prefix that matches. @param path Without query. */
export function shapeFor<Shape extends { prefix: string }>(path: string, shapes: readonly Shape[]): Shape | undefined {
  let longest: Shape | undefined;
  for (const shape of shapes) {
    const isLonger = longest === undefined || shape.prefix.length > longest.prefix.length;
    if (isLonger && isWithin(path, shape.prefix)) longest = shape;
  }
  return longest;
}

/** Whether a path is `prefix` or below it. */
export function isWithin(path: string, prefix: string): boolean {
  return path.startsWith(prefix) && (path.length === prefix.length || path[prefix.length] === '/');
}

/** OpenAI's `type` by status; 4xx that are not listed are `invalid_request_error`, 5xx `server_error`. */
const OPENAI_TYPES: Readonly<Record<number, string>> = {
  401: 'authentication_error',
  403: 'permission_error',
  429: 'rate_limit_error',
};

/** OpenAI's own codes, where its clients check for one. Other errors have llamactl's code in lower case. */
const OPENAI_CODES: Partial<Record<ErrorCode, string>> = { INSTANCE_NOT_FOUND: 'model_not_found' };

function openAiError(error: ApiError): unknown {
  const type = OPENAI_TYPES[error.status] ?? (error.status < 500 ? 'invalid_request_error' : 'server_error');
  const code = OPENAI_CODES[error.code] ?? error.code.toLowerCase();
  return { error: { message: error.message, type, code, param: null } };
}

function openAiModel({ created_at: createdAt }: GatewayInstance, id: string): unknown {
  // In Unix seconds.
  return { id, object: 'model', created: Math.floor(Date.parse(createdAt) / 1000), owned_by: 'llamactl' };
}

/** Anthropic's `type` by status; 4xx that are not listed are `invalid_request_error`, 5xx `api_error`. */
const ANTHROPIC_TYPES: Readonly<Record<number, string>> = {
  401: 'authentication_error',
  403: 'permission_error',
  404: 'not_found_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
};

function anthropicError(error: ApiError, requestId: string): unknown {
  const type = ANTHROPIC_TYPES[error.status] ?? (error.status < 500 ? 'invalid_request_error' : 'api_error');
  return { type: 'error', error: { type, message: error.message }, request_id: requestId };
}
