import { errorOf, ProtocolError, type LlamactlError } from './errors.ts';
import type { Problem } from './models.ts';

/** An answer with an error status, and its body. */
export interface ErrorAnswer {
  url: string;
  status: number;
  headers: Headers;
  text: string;
}

/**
 * Converts an error answer of llamactl, or of OpenAI's or Anthropic's API under `/v1`, to an error. Any other answer
 * comes from another program, such as a proxy in between, and becomes a {@link ProtocolError}.
 */
export function answerError({ url, status, headers, text }: ErrorAnswer): LlamactlError | ProtocolError {
  const retryAfter = retryAfterOf(headers);
  const requestId = headers.get('x-request-id');
  const { origin, pathname } = new URL(url);
  const body = objectOf(text);
  const error = body === null ? null : errorIn(body, status, { requestId, retryAfter });
  // A llama-server with --api-key refuses every path in OpenAI's format. Its 401 is not llamactl's, so it must not ask
  // anyone to log in.
  const isOurs = pathname.includes('/v1/') || (typeof body?.['error'] === 'string' && typeof body['code'] === 'string');
  if (error !== null && isOurs) return error;
  return new ProtocolError(
    `${origin} answered ${pathname} with ${status}, but not in llamactl's format: ${excerpt(text)}`,
    { url, status, retryAfter },
  );
}

/**
 * Returns the error in a body, or `null` if the body has no known form.
 *
 * @param status `null`: the error came in the middle of a stream; its type gives the status.
 */
export function errorIn(
  body: Record<string, unknown>,
  status: number | null,
  answer: { requestId: string | null; retryAfter: number | null },
): LlamactlError | null {
  const { error, code, details, errors, reason } = body;
  const requestId = textOf(body['request_id']) ?? answer.requestId;
  const rest = { requestId, retryAfter: answer.retryAfter };
  if (typeof error === 'string') {
    const facts = { code: textOf(code) ?? '', details: textOf(details) ?? '', problems: problemsOf(errors) };
    return errorOf(error, { status: status ?? 500, ...facts, reason: textOf(reason), ...rest });
  }
  if (typeof error !== 'object' || error === null) return null;
  const { message, type, code: inner } = error as Record<string, unknown>;
  if (typeof message !== 'string') return null;
  const word = textOf(inner) ?? textOf(type) ?? '';
  const meant = status ?? (typeof inner === 'number' ? inner : (STATUSES[textOf(type) ?? ''] ?? 500));
  return errorOf(message, { status: meant, code: word, details: '', problems: [], reason: undefined, ...rest });
}

/** HTTP statuses for the error types of OpenAI and Anthropic. */
const STATUSES: Readonly<Record<string, number>> = {
  invalid_request_error: 400,
  authentication_error: 401,
  permission_error: 403,
  not_found_error: 404,
  rate_limit_error: 429,
};

/** The header `Retry-After` in seconds; `null`: it is absent or not a number of seconds. */
function retryAfterOf(headers: Headers): number | null {
  const text = headers.get('retry-after')?.trim() ?? '';
  return /^\d{1,9}$/.test(text) ? Number(text) : null;
}

/** Parses a JSON object; `null`: the text is not one. */
export function objectOf(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

function problemsOf(value: unknown): readonly Problem[] {
  return Array.isArray(value) ? (value as readonly Problem[]) : [];
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** Returns the beginning of a text on one line, without HTML tags; of a page only its title. */
export function excerpt(text: string): string {
  const [, title = ''] = /<title[^>]*>([^<]*)<\/title>/i.exec(text) ?? [];
  const line = (title.trim() === '' ? text : title)
    .replaceAll(/<(style|script)[^]*?<\/\1>|<[^>]*>/gi, ' ')
    .replaceAll(/[\s\p{C}]+/gu, ' ')
    .trim();
  if (line === '') return '(nothing)';
  return line.length > 200 ? `${line.slice(0, 200)}…` : line;
}
