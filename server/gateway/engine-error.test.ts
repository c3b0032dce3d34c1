import { describe, expect, it } from 'vitest';
import { EngineErrorReader } from './engine-error.ts';

/** The error that a record has of an answer, which comes in pieces. */
function errorOf(status: number, body: string, pieces = 1) {
  const reader = new EngineErrorReader(status);
  const bytes = Buffer.from(body);
  const length = Math.ceil(bytes.length / pieces);
  for (let from = 0; from < bytes.length; from += length) reader.read(bytes.subarray(from, from + length));
  return reader.error();
}

const llamaCpp = (message: string, type = 'invalid_request_error'): string =>
  JSON.stringify({ error: { code: 400, message, type } });

describe('the error of an engine’s answer', () => {
  it.each([
    'request (9120 tokens) exceeds the available context size (4096 tokens), try increasing it',
    'input (700 tokens) is too large to process. increase the physical batch size (current batch size: 512)',
    'image input is not supported - hint: if this is unexpected, you may need to provide the mmproj',
    'This server does not support embeddings. Start it with `--embeddings`',
    "'messages' is required",
    '"prompt" must be a string',
    "This model's maximum context length is 4096 tokens. However, you requested 5000 tokens (4000 in the messages, 1000 in the completion). Please reduce the length of the messages or completion.",
  ])('has the message, if that is fixed: %s', (message) => {
    const code = 'invalid_request_error';
    expect(errorOf(400, llamaCpp(message), 3)).toEqual({
      code,
      message: `The engine answered 400 (${code}): ${message}`,
    });
  });

  it.each([
    'Failed to parse input: my secret prompt',
    '\'messages\' is required: "my secret prompt"',
    'my secret prompt: request (9 tokens) exceeds the available context size (4 tokens), try increasing it',
    "'my secret prompt' is required",
    "'messages' is required\nmy secret prompt",
  ])('leaves out a message with more in it, and says so: %s', (message) => {
    expect(errorOf(400, llamaCpp(message))).toEqual({
      code: 'invalid_request_error',
      message:
        'The engine answered 400 (invalid_request_error). Only its caller has the message, which may quote the request.',
    });
  });

  it('has the status of an answer without a message, or with a part of one', () => {
    expect(errorOf(502, '<html>')).toEqual({ code: null, message: 'The engine answered 502.' });
    expect(errorOf(400, '{"error":{"message":"\'messages\' is req')).toEqual({
      code: null,
      message: 'The engine answered 400.',
    });
    expect(errorOf(400, String.raw`{"message":"\q"}`)).toEqual({ code: null, message: 'The engine answered 400.' });
  });
});
