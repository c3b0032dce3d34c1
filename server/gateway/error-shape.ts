import type { ApiError, ErrorCode } from '@llamactl/contract/errors';

/** How errors look under a path that serves another API, such as OpenAI's. */
export interface GatewayErrorShape {
  /** The path; the shape also applies to all paths below it. */
  prefix: string;
  /** Name of the event for an error within a stream of events; `null`: events of this API have no names. */
  event: string | null;
  render(error: ApiError, requestId: string): { body: unknown; headers: Readonly<Record<string, string>> };
}

/** Returns the shape with the longest prefix that matches. @param path Without query. */
export function shapeFor<Shape extends { prefix: string }>(path: string, shapes: readonly Shape[]): Shape | undefined {
  return shapes
    .filter(({ prefix }) => path === prefix || path.startsWith(`${prefix}/`))
    .toSorted((a, b) => b.prefix.length - a.prefix.length)[0];
}

/** Distinguishes an error of llamactl from an engine's. */
const HEADERS = { 'x-llamactl-source': 'llamactl' };

/** OpenAI's `type` by status; 4xx that are not listed are `invalid_request_error`, 5xx `server_error`. */
const OPENAI_TYPES: Readonly<Record<number, string>> = {
  401: 'authentication_error',
  403: 'permission_error',
  429: 'rate_limit_error',
};

/** OpenAI's own codes, where its clients check for one. Other errors have llamactl's code in lower case. */
const OPENAI_CODES: Partial<Record<ErrorCode, string>> = { INSTANCE_NOT_FOUND: 'model_not_found' };

/** Anthropic's `type` by status; 4xx that are not listed are `invalid_request_error`, 5xx `api_error`. */
const ANTHROPIC_TYPES: Readonly<Record<number, string>> = {
  401: 'authentication_error',
  403: 'permission_error',
  404: 'not_found_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
};

/** The error shapes of `/v1`: OpenAI's, and Anthropic's under `/v1/messages`. */
export const GATEWAY_ERROR_SHAPES: readonly GatewayErrorShape[] = [
  { prefix: '/v1', event: null, render: (error) => ({ body: openAiError(error), headers: HEADERS }) },
  {
    prefix: '/v1/messages',
    event: 'error',
    render: (error, requestId) => ({ body: anthropicError(error, requestId), headers: HEADERS }),
  },
];

function openAiError(error: ApiError): unknown {
  const type = OPENAI_TYPES[error.status] ?? (error.status < 500 ? 'invalid_request_error' : 'server_error');
  const code = OPENAI_CODES[error.code] ?? error.code.toLowerCase();
  return { error: { message: error.message, type, code, param: null } };
}

function anthropicError(error: ApiError, requestId: string): unknown {
  const type = ANTHROPIC_TYPES[error.status] ?? (error.status < 500 ? 'invalid_request_error' : 'api_error');
  return { type: 'error', error: { type, message: error.message }, request_id: requestId };
}
