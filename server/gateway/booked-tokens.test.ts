import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import type { RequestFigures } from '@llamactl/contract/requests';
import { describe, expect, it } from 'vitest';
import { bodyMeter, bookedTokens } from './booked-tokens.ts';

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
  ])('%s', (_what, changes, expected) => {
    expect(bookedTokens(figures(changes), 400, 20)).toBe(expected);
  });

  it('are bounded when estimated: a body may hold an image', () => {
    expect(bookedTokens(figures({ outcome: 'aborted' }), 64 * 1024 * 1024, 0)).toBe(32_768);
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
