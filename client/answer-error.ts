import { errorOf, ProtocolError, type LlamactlError } from './errors.ts';
import type { Problem } from './models.ts';

/** An answer that is an error, read. */
export interface ErrorAnswer {
  url: string;
  status: number;
  headers: Headers;
  text: string;
}

/**
 * The error that an answer carries, whichever API it speaks: llamactl's own, or under `/v1` OpenAI's or Anthropic's. What
 * is neither comes from something in between.
 */
export function answerError({ url, status, headers, text }: ErrorAnswer): LlamactlError | ProtocolError {
  const retryAfter = retryAfterOf(headers);
  const requestId = headers.get('x-request-id');
  const body = objectOf(text);
  const error = body === null ? null : errorIn(body, status, { requestId, retryAfter });
  if (error !== null) return error;
  const where = new URL(url);
  return new ProtocolError(
    `${where.origin} answered ${status} to ${where.pathname}, and not in the way of llamactl: ${excerpt(text)}`,
    { url, status, retryAfter },
  );
}

/**
 * The error in a body, or `null` where it is of no known form.
 *
 * @param status `null`: it came in the middle of a stream, and is told by its type alone.
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

/** What a type of OpenAI's or Anthropic's is worth. */
const STATUSES: Readonly<Record<string, number>> = {
  invalid_request_error: 400,
  authentication_error: 401,
  permission_error: 403,
  not_found_error: 404,
  rate_limit_error: 429,
};

/** Seconds; `null`: the header is not there, or is not a number of them. */
function retryAfterOf(headers: Headers): number | null {
  const text = headers.get('retry-after')?.trim() ?? '';
  return /^\d{1,9}$/.test(text) ? Number(text) : null;
}

/** `null`: it is no JSON object. */
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

/** The beginning of a text, on one line. */
export function excerpt(text: string): string {
  const line = text
    .replaceAll(/<(style|script)[^]*?<\/\1>|<[^>]*>/gi, ' ')
    .replaceAll(/[\s\p{C}]+/gu, ' ')
    .trim();
  if (line === '') return '(nothing)';
  return line.length > 200 ? `${line.slice(0, 200)}…` : line;
}
