import { describe, expect, test } from 'vitest';
import { closedToCallers } from './crossing.ts';

const closed = closedToCallers([
  { headers: ['x-chat'], paths: ['/v1/stream', '/v1/chat/completions/control'], except: [] },
  { headers: [], paths: ['/v1/responses/*'], except: ['/v1/responses/input_tokens'] },
]);

describe('a path that crosses callers', () => {
  test.each([
    '/v1/stream',
    '/v1/stream?conv_id=1',
    '/v1/stream#x',
    '/v1/stream/',
    '/v1/stream/an-id',
    '/v1//stream',
    '/v1/./stream',
    '/v1/x/../stream',
    '/v1/stream/..',
    '/v1/x/%252e%252e/stream',
    '/v1/Stream',
    '/v1/STREAM',
    '/v1/stream;x=y',
    '/v1;x/stream',
    '/v1/%73tream',
    '/v1/%2573tream',
    '/v1/%u0073tream',
    '/v1%2fstream',
    '/v1/%2Fstream',
    '/v1\\stream',
    '/v1/%5cstream',
    '/v1/stream%00',
    '/v1/stream%20',
    '/v1/stream%3fconv_id=1',
    '/v1/stream%23',
    '/v1/stream%zz/../stream',
    '/v1/chat/completions/control',
    '/v1/responses/resp_1',
    '/v1/responses/resp_1/cancel',
    '/v1/responses/input_tokens/',
    '/v1/responses/Input_Tokens',
  ])('%s is blocked', (url) => expect(closed.covers(url)).toBe(true));

  test.each([
    '/v1/chat/completions',
    '/v1/streams',
    '/v1/streaming',
    '/v1/audio/stream',
    '/v1/completions?path=/v1/stream',
    '/v1/responses',
    '/v1/responses/',
    '/v1/responses/input_tokens',
    '/v1/responses/input_tokens?model=a',
    '/v1/%',
    '/v1',
    '',
  ])('%s is not blocked', (url) => expect(closed.covers(url)).toBe(false));
});

test('a crossing of one engine is blocked for all engines', () => {
  expect([...closed.headers]).toEqual(['x-chat']);
  expect(closedToCallers([]).covers('/v1/stream')).toBe(false);
});
