import type { ApiError, ErrorCode } from '@llamactl/contract/errors';
import type { Crossing } from '../instances/ports/engine-adapter.ts';
import { pathOnly } from './headers.ts';
import type { ClosedToCallers, GatewayInstance } from './gateway-ports.ts';
import { findRoute } from './route.ts';

/** An API that `/v1` serves. A further API is a further object in {@link DIALECTS}. */
export interface Dialect {
  /** Its paths: this one and all below it, unless another dialect has a longer prefix. */
  prefix: string;
  /** Finds the model that a request names. */
  findRoute: typeof findRoute;
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

const OPENAI: Dialect = {
  prefix: '/v1',
  findRoute,
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
  render: (error, requestId) => ({ body: anthropicError(error, requestId), headers: HEADERS }),
  errorEvent: 'error',
  models: null,
};

/** The APIs of `/v1`. */
export const DIALECTS: readonly Dialect[] = [OPENAI, ANTHROPIC];

/** Returns the API of a path under `/v1`. @param path Without query. */
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

/** A path that all engines read in the same way. Nearly all requests have one. */
const PLAIN = /^(?:\/[a-z0-9._-]*[a-z0-9_-])+$/;
/** `%uXXXX` is no URL encoding of any standard, but llama-server decodes it. */
const ESCAPE = /%u([0-9a-f]{4})|%([0-9a-f]{2})/gi;
/** An escaped escape needs a second round. No engine decodes more often than this. */
const MOST_ROUNDS = 4;
/** Parts that an engine, or a proxy before it, may cut off a segment: parameters, an escaped query, anything after NUL. */
const SEGMENT_END = /[;?#\0].*$/s;

/**
 * Blocks for every engine the crossings that any engine declares. So a request can be refused before its model and engine
 * are known, and the refusal does not show which engine serves a model. A path that crosses callers in one engine has no
 * harmless meaning in another.
 */
export function closedToCallers(crossings: readonly Crossing[]): ClosedToCallers {
  const paths = crossings.flatMap((each) => each.paths);
  const whole = [...new Set(paths.filter((path) => !path.endsWith('/*')))];
  const below = [...new Set(paths.filter((path) => path.endsWith('/*')).map((path) => path.slice(0, -1)))];
  const open = new Set(crossings.flatMap(({ except }) => except));
  const isClosed = (path: string): boolean =>
    whole.some((each) => isWithin(path, each)) || below.some((each) => path.startsWith(each));
  return {
    headers: new Set(crossings.flatMap(({ headers }) => headers)),
    covers: (url) => {
      const path = pathOnly(url);
      // An exception is open only in its exact spelling.
      if (open.has(path)) return false;
      if (PLAIN.test(path)) return isClosed(path);
      const segments = segmentsOf(path);
      return isClosed(`/${segments.join('/')}`) || isClosed(`/${resolved(segments).join('/')}`);
    },
  };
}

function resolved(segments: readonly string[]): string[] {
  const left: string[] = [];
  for (const segment of segments) {
    if (segment === '..') left.pop();
    else left.push(segment);
  }
  return left;
}

/**
 * Returns the segments of a path in the loosest reading of all engines: decoded, in lower case, without parameters, empty
 * segments and `.`. A stricter engine answers 404 to a path that is equal only in this reading.
 */
function segmentsOf(path: string): string[] {
  const segments: string[] = [];
  for (const part of decoded(path).toLowerCase().split(/[/\\]/)) {
    const segment = part.replace(SEGMENT_END, '').trim();
    if (segment !== '' && segment !== '.') segments.push(segment);
  }
  return segments;
}

function decoded(path: string): string {
  let text = path;
  for (let round = 0; round < MOST_ROUNDS && text.includes('%'); round += 1) {
    const next = text.replace(ESCAPE, (_escape, unicode?: string, byte?: string) =>
      String.fromCharCode(Number.parseInt(unicode ?? byte ?? '', 16)),
    );
    if (next === text) break;
    text = next;
  }
  return text;
}
