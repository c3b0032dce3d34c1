import { describe, expect, it } from 'vitest';
import { answerError, errorIn, excerpt } from './answer-error.ts';
import { ERRORS } from '@llamactl/contract/errors';

const url = 'http://h:1/api/instances?x=1';
const of = (status: number, text: string, headers: Record<string, string> = {}, path = url) =>
  answerError({ url: path, status, headers: new Headers(headers), text });
const underV1 = (status: number, text: string, headers: Record<string, string> = {}) =>
  of(status, text, headers, 'http://h:1/llm/v1/chat/completions');
const body = (code: string) => JSON.stringify({ error: 'what happened', code, details: 'more', request_id: 'r-1' });

describe('error answer', () => {
  it.each([
    [400, 'ValidationError'],
    [401, 'UnauthorizedError'],
    [403, 'ForbiddenError'],
    [404, 'NotFoundError'],
    [405, 'LlamactlError'],
    [409, 'ConflictError'],
    [412, 'PreconditionFailedError'],
    [413, 'LlamactlError'],
    [429, 'RateLimitedError'],
    [500, 'ServerError'],
    [502, 'ServerError'],
    [503, 'ServerError'],
  ])('of status %i is a %s', (status, name) => {
    expect(of(status, body('CODE'))).toMatchObject({
      name,
      status,
      code: 'CODE',
      message: 'what happened',
      details: 'more',
      requestId: 'r-1',
    });
  });

  it('has a class for every error status of llamactl, with its own name', () => {
    for (const [code, { status }] of Object.entries(ERRORS)) {
      const error = of(status, body(code));
      expect(error.name).toBe(error.constructor.name);
      expect(error).toMatchObject({ status, code });
    }
  });

  it('has all problems, the reason of a failed start, and when to retry', () => {
    const problems = [{ path: 'port', message: 'must be a whole number' }];
    const text = JSON.stringify({
      error: 'x',
      code: 'START_FAILED',
      details: '',
      request_id: 'r',
      errors: problems,
      reason: 'no memory',
    });
    expect(of(502, text, { 'retry-after': '7' })).toMatchObject({ problems, reason: 'no memory', retryAfter: 7 });
    expect(of(502, text, { 'retry-after': 'Wed, 21 Oct 2026 07:28:00 GMT' })).toMatchObject({ retryAfter: null });
  });

  it('has the format of OpenAI or Anthropic under /v1', () => {
    const openAi = {
      error: { message: 'no such model', type: 'invalid_request_error', code: 'model_not_found', param: null },
    };
    expect(underV1(404, JSON.stringify(openAi), { 'x-request-id': 'r-2' })).toMatchObject({
      name: 'NotFoundError',
      message: 'no such model',
      code: 'model_not_found',
      requestId: 'r-2',
    });
    const anthropic = { type: 'error', error: { type: 'rate_limit_error', message: 'slow down' }, request_id: 'r-3' };
    expect(underV1(429, JSON.stringify(anthropic))).toMatchObject({
      name: 'RateLimitedError',
      code: 'rate_limit_error',
      requestId: 'r-3',
    });
    const engine = { error: { code: 400, message: 'too long', type: 'exceed_context_size_error' } };
    expect(underV1(400, JSON.stringify(engine))).toMatchObject({ status: 400, code: 'exceed_context_size_error' });
  });

  it('gets its status from its type in the middle of a stream', () => {
    const none = { requestId: null, retryAfter: null };
    const status = (error: object) => errorIn({ error: { message: 'x', ...error } }, null, none)?.status;
    expect(status({ type: 'permission_error' })).toBe(403);
    expect(status({ type: 'server_error', code: 'start_failed' })).toBe(500);
    expect(status({ type: 'odd', code: 503 })).toBe(503);
    expect(errorIn({ error: { message: 7 } }, null, none)).toBe(null);
    expect(errorIn({ error: null }, null, none)).toBe(null);
  });

  it.each([
    ['<html><style>p{}</style><h1>502 Bad\n Gateway</h1></html>', '502 Bad Gateway'],
    ['', '(nothing)'],
    ['[1]', '[1]'],
    ['"text"', '"text"'],
    ['{"detail":"Not Found"}', '{"detail":"Not Found"}'],
    ['{"error":"unauthorized"}', '{"error":"unauthorized"}'],
    ['{"error":{"code":401,"message":"Invalid API Key"}}', '{"error":{"code":401,"message":"Invalid API Key"}}'],
  ])('from another program becomes a ProtocolError: %s', (text, said) => {
    expect(of(502, text)).toMatchObject({
      name: 'ProtocolError',
      status: 502,
      message: `http://h:1 answered /api/instances with 502, but not in llamactl's format: ${said}`,
    });
  });

  it('is quoted in part, without control characters', () => {
    expect(excerpt('a\u001b[2Jb')).toBe('a [2Jb');
    expect(excerpt('<head><title>Error response</title></head><h1>Error response</h1><p>Error code: 404</p>')).toBe(
      'Error response',
    );
    expect(excerpt('<title></title><p>Gone.</p>')).toBe('Gone.');
    expect(excerpt('x'.repeat(300))).toBe(`${'x'.repeat(200)}…`);
  });
});
