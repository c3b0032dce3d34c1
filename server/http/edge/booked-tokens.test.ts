import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import type { RequestFigures } from '@llamactl/contract/requests';
import { describe, expect, it } from 'vitest';
import { bodyMeter, bookedTokens, mayGenerate } from './booked-tokens.ts';

function figures(changes: Partial<RequestFigures>): RequestFigures {
  return {
    instance: 'a',
    door: 'v1',
    outcome: 'ok',
    duration: 1,
    waited: 0.1,
    time_to_first_token: null,
    tokens_in: null,
    tokens_out: null,
    tokens_per_second: null,
    bytes_out: 0,
    ...changes,
  };
}

describe('the tokens of a request', () => {
  it.each<[string, Partial<RequestFigures>, number]>([
    ['are those that the engine reports', { tokens_in: 7, tokens_out: 5 }, 12],
    ['are those of the prompt alone, where nothing is generated', { tokens_in: 7 }, 7],
    ['have an estimated prompt when the caller breaks off the answer', { outcome: 'aborted', tokens_out: 5 }, 105],
    ['are estimated when the caller leaves before the answer', { outcome: 'aborted' }, 118],
    ['are estimated when an operator ends it before the answer', { outcome: 'cancelled' }, 118],
    ['have an estimated answer when no more than the prompt was reported', { outcome: 'aborted', tokens_in: 7 }, 25],
    ['do not grow while it waits for its engine', { outcome: 'aborted', waited: 60, duration: 60.1 }, 103],
    ['have an estimated prompt when the engine reports none', { tokens_out: 5 }, 105],
    ['are none when it never reached an engine', { outcome: 'aborted', waited: null }, 0],
    ['are none when the engine refuses or breaks it', { outcome: 'client_error' }, 0],
    ['are none when the engine dies before the answer', { outcome: 'broken' }, 0],
    ['are none when nothing is generated', {}, 0],
    ['are estimated from the bytes of a whole answer without a report', { bytes_out: 2_001 }, 601],
    ['are the pieces of a stream without a report, and an estimated prompt', { tokens_out: 5, bytes_out: 2_000 }, 105],
    ['are those of a report without an answer', { tokens_in: 7, bytes_out: 2_000 }, 7],
    ['are none when the engine refuses it at length', { outcome: 'client_error', bytes_out: 2_000 }, 0],
    ['are none when llamactl refuses it', { outcome: 'refused', waited: null, bytes_out: 2_000 }, 0],
  ])('%s', (_what, changes, expected) => {
    expect(bookedTokens(figures(changes), 400, 20, true)).toBe(expected);
  });

  it('are those of the report alone when nothing can be generated', () => {
    expect(bookedTokens(figures({ bytes_out: 2_000 }), 400, 20, false)).toBe(0);
    expect(bookedTokens(figures({ bytes_out: 2_000, tokens_in: 7, tokens_out: 5 }), 400, 20, false)).toBe(12);
  });

  it('are bounded when estimated: a body may hold an image', () => {
    expect(bookedTokens(figures({ outcome: 'aborted' }), 64 * 1024 * 1024, 0, true)).toBe(32_768);
    expect(bookedTokens(figures({ bytes_out: 64 * 1024 * 1024 }), 4, 0, true)).toBe(32_769);
  });
});

describe('tokens', () => {
  it.each([
    ['POST', '/v1/chat/completions', true],
    ['POST', '/v1/completions?model=a/count_tokens', true],
    ['POST', '/v1/messages/count_tokens', false],
    ['POST', '/v1/messages/count_tokens?beta=true', false],
    ['POST', '/v1/responses/input_tokens', false],
    ['GET', '/v1/responses/resp_1', false],
    ['DELETE', '/v1/responses/resp_1', false],
  ])('may be generated for %s %s: %s', (method, url, expected) => {
    expect(mayGenerate({ method, url })).toBe(expected);
  });
});

describe('the length of a body', () => {
  const message = (headers: Record<string, string>): IncomingMessage =>
    Object.assign(new IncomingMessage(new Socket()), { headers });

  it('is its Content-Length, except for a form', () => {
    expect(bodyMeter(message({ 'content-length': '400' }))()).toBe(400);
    expect(bodyMeter(message({ 'content-length': '400', 'content-type': 'multipart/form-data; boundary=x' }))()).toBe(
      0,
    );
  });

  it('counts a type in another case: llama-server reads that body as JSON', () => {
    const type = 'Multipart/Form-Data; boundary=x';
    expect(bodyMeter(message({ 'content-length': '400', 'content-type': type }))()).toBe(400);
  });

  it('counts bytes that arrived together with the headers', () => {
    const chunked = message({ 'transfer-encoding': 'chunked' });
    chunked.push('x'.repeat(300));
    expect(bodyMeter(chunked)()).toBe(300);
  });
});
