import { ApiError, type ErrorBody, type ErrorCode } from '@llamactl/contract/errors';
import { type Dialect, shapeFor } from '../gateway/dialects.ts';
import { withVersion } from './edge/neighbour-paths.ts';
import { CallerGone } from './disconnect.ts';
import { pathOf } from './target.ts';
import type { HttpReply, HttpRequest } from './plugin.ts';

/** The format of errors under a prefix with another API, such as OpenAI's under `/v1`. */
export type ErrorShape = Pick<Dialect, 'prefix' | 'render'>;

/** An error as an HTTP answer. */
export interface ErrorAnswer {
  status: number;
  /** All headers except `content-length`. */
  headers: Record<string, string>;
  body: string;
}

/** Headers of every JSON answer: no content sniffing, no caching. */
export const JSON_HEADERS = {
  'content-type': 'application/json; charset=utf-8',
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-store',
} as const;

/** Every 401 says how to authenticate (RFC 9110, 11.6.1). */
const CHALLENGE = { 'www-authenticate': 'Bearer' };

/**
 * @param request Its `path`, without the query, decides the format. Clients of `/v1` whose base URL lacks `/v1` get errors
 *   in the shape of `/v1`: they show no others.
 */
export function errorAnswer(
  error: ApiError,
  request: { id: string; path: string },
  shapes: readonly ErrorShape[],
): ErrorAnswer {
  const shape = shapeFor(withVersion(request.path), shapes);
  const rendered = shape?.render(error, request.id) ?? { body: errorBody(error, request.id), headers: {} };
  return {
    status: error.status,
    headers: {
      ...JSON_HEADERS,
      'x-request-id': request.id,
      ...(error.status === 401 ? CHALLENGE : {}),
      ...error.extras.headers,
      ...rendered.headers,
    },
    body: JSON.stringify(rendered.body),
  };
}

function errorBody(error: ApiError, requestId: string): ErrorBody {
  const { details = '', problems, reason } = error.extras;
  return {
    error: error.message,
    code: error.code,
    details,
    request_id: requestId,
    ...(problems === undefined ? {} : { errors: [...problems] }),
    ...(reason === undefined ? {} : { reason }),
  };
}

/** Errors of fastify and Node that the caller caused, by their code. */
const FRAMEWORK_ERRORS: Readonly<Record<string, { code: ErrorCode; message: string; path?: string }>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: {
    code: 'PAYLOAD_TOO_LARGE',
    message: 'The body is larger than this request may have: 1 MiB, 16 MiB for a fleet, or 16 KiB for a login.',
  },
  FST_ERR_CTP_INVALID_MEDIA_TYPE: {
    code: 'UNSUPPORTED_MEDIA_TYPE',
    message: 'The Content-Type cannot be understood; send application/json.',
  },
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: {
    code: 'VALIDATION_ERROR',
    message: 'The body is not as long as its Content-Length says.',
    path: 'Content-Length',
  },
  FST_ERR_BAD_URL: {
    code: 'VALIDATION_ERROR',
    message: 'The URL is malformed: a % has to be followed by two hexadecimal digits that spell UTF-8.',
    path: 'url',
  },
  FST_ERR_MAX_PARAM_LENGTH: { code: 'URI_TOO_LONG', message: 'A part of the URL is too long.' },
  ECONNRESET: { code: 'VALIDATION_ERROR', message: 'The connection broke off before the body was complete.' },
};

/**
 * Converts a thrown value into the error for the caller. An `ApiError` stays as it is. Errors of fastify and Node about
 * the request get our messages. All others become `INTERNAL_ERROR` without details.
 */
export function asApiError(thrown: unknown): ApiError {
  if (thrown instanceof ApiError) return thrown;
  const { code, statusCode } = (thrown ?? {}) as { code?: unknown; statusCode?: unknown };
  const known = typeof code === 'string' ? FRAMEWORK_ERRORS[code] : undefined;
  if (known !== undefined) {
    const problems = known.path === undefined ? {} : { problems: [{ path: known.path, message: known.message }] };
    return new ApiError(known.code, known.message, problems);
  }
  if (typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500) {
    const sentence = 'The request could not be read.';
    return new ApiError('VALIDATION_ERROR', sentence, { problems: [{ path: '', message: sentence }] });
  }
  return new ApiError(
    'INTERNAL_ERROR',
    'Something went wrong inside llamactl; its log says what, under this request_id.',
  );
}

/** Answers with a thrown error. An internal error goes to the log in full, and to the caller without details. */
export function replyWithError(
  thrown: unknown,
  request: HttpRequest,
  reply: HttpReply,
  shapes: readonly ErrorShape[],
): HttpReply {
  // The caller hung up, so send no answer.
  if (thrown instanceof CallerGone) return reply.hijack();
  const error = asApiError(thrown);
  if (error.code === 'INTERNAL_ERROR') request.log.error({ err: thrown }, 'request failed');
  const { status, headers, body } = errorAnswer(error, { id: request.id, path: pathOf(request.raw.url ?? '') }, shapes);
  // Fastify would close the connection while the body still arrives, and the sending caller would see a reset instead
  // of the answer. Without the header, Node reads and drops the rest.
  if (reply.hasHeader('connection')) reply.removeHeader('connection');
  return reply.code(status).headers(headers).send(body);
}
