import { ApiError, type ErrorCode } from '@llamactl/contract/errors';
import { expect, test } from 'vitest';
import { DIALECTS, dialectOf } from './dialects.ts';

function rendered(prefix: string, code: ErrorCode, status?: number): unknown {
  const shape = DIALECTS.find((each) => each.prefix === prefix);
  const error = new ApiError(code, 'What happened.', status === undefined ? {} : { status });
  return shape?.render(error, 'id-1');
}

const SOURCE = { 'x-llamactl-source': 'llamactl' };

test.each([
  ['INSTANCE_NOT_FOUND', undefined, 'invalid_request_error', 'model_not_found'],
  ['VALIDATION_ERROR', undefined, 'invalid_request_error', 'validation_error'],
  ['PAYLOAD_TOO_LARGE', undefined, 'invalid_request_error', 'payload_too_large'],
  ['FORBIDDEN', undefined, 'permission_error', 'forbidden'],
  ['INSTANCE_NOT_RUNNING', 503, 'server_error', 'instance_not_running'],
  ['INTERNAL_ERROR', undefined, 'server_error', 'internal_error'],
] as const)('%s (%s) is an OpenAI error of type %s', (code, status, type, openAiCode) => {
  expect(rendered('/v1', code, status)).toEqual({
    body: { error: { message: 'What happened.', type, code: openAiCode, param: null } },
    headers: SOURCE,
  });
});

test.each([
  ['INSTANCE_NOT_FOUND', undefined, 'not_found_error'],
  ['VALIDATION_ERROR', undefined, 'invalid_request_error'],
  ['PAYLOAD_TOO_LARGE', undefined, 'request_too_large'],
  ['FORBIDDEN', undefined, 'permission_error'],
  ['INSTANCE_NOT_RUNNING', 503, 'api_error'],
] as const)('%s (%s) is an Anthropic error of type %s', (code, status, type) => {
  expect(rendered('/v1/messages', code, status)).toEqual({
    body: { type: 'error', error: { type, message: 'What happened.' }, request_id: 'id-1' },
    headers: SOURCE,
  });
});

test.each([
  ['/v1/chat/completions', '/v1'],
  ['/v1/models', '/v1'],
  ['/v1/messages', '/v1/messages'],
  ['/v1/messages/count_tokens', '/v1/messages'],
  ['/v1/messages_of_others', '/v1'],
])('%s belongs to the API of %s', (path, prefix) => {
  expect(dialectOf(path).prefix).toBe(prefix);
});
