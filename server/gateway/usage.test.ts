import { describe, expect, it } from 'vitest';
import { type Tokens, usageReader } from './usage.ts';

const STREAM = 'text/event-stream';
const JSON_TYPE = 'application/json; charset=utf-8';

const events = (...data: unknown[]): string =>
  data.map((each) => `data: ${typeof each === 'string' ? each : JSON.stringify(each)}\n\n`).join('');
const named = (...data: { type: string; [field: string]: unknown }[]): string =>
  data.map((each) => `event: ${each.type}\ndata: ${JSON.stringify(each)}\n\n`).join('');
const delta = (fields: object): object => ({ choices: [{ index: 0, delta: fields }], object: 'chat.completion.chunk' });

interface Reading extends Tokens {
  /** Number of chunks that contain generated text. */
  withContent: number;
}

/** Reads a text in chunks of this many bytes. */
function read(type: string, text: string, size = Infinity): Reading {
  const reader = usageReader(type);
  if (reader === null) throw new Error(`nothing is read of ${type}`);
  const bytes = Buffer.from(text);
  const step = Math.min(size, bytes.byteLength);
  let withContent = 0;
  for (let at = 0; at < bytes.byteLength; at += step) {
    if (reader.read(bytes.subarray(at, at + step))) withContent += 1;
  }
  return { ...reader.tokens(), withContent };
}

const CHAT = [
  delta({ role: 'assistant', content: null }),
  delta({ reasoning_content: 'So…' }),
  delta({ content: 'Grüße' }),
  delta({ content: '"usage":{"prompt_tokens":1}' }),
  delta({}),
];
const USAGE = {
  completion_tokens: 4,
  prompt_tokens: 25,
  total_tokens: 29,
  prompt_tokens_details: { cached_tokens: 24 },
};
const TIMINGS = { cache_n: 24, prompt_n: 1, prompt_ms: 0.3, predicted_n: 7, predicted_ms: 0.4 };
const RESPONSES = named(
  { type: 'response.created', response: { instructions: 'Be kind.', text: { format: { type: 'text' } } } },
  { type: 'response.content_part.added', part: { type: 'output_text', text: '' } },
  { type: 'response.output_text.delta', delta: 'Hello' },
  { type: 'response.output_text.delta', delta: ' you' },
  { type: 'response.output_text.done', text: 'Hello you' },
  {
    type: 'response.completed',
    response: { usage: { input_tokens: 25, output_tokens: 2, input_tokens_details: { cached_tokens: 24 } } },
  },
);
const MESSAGES = [
  {
    type: 'message_start',
    message: { content: [], usage: { cache_read_input_tokens: 24, input_tokens: 1, output_tokens: 0 } },
  },
  { type: 'content_block_start', content_block: { type: 'text', text: '' } },
  { type: 'content_block_delta', delta: { type: 'text_delta', text: 'Hello' } },
  { type: 'content_block_delta', delta: { type: 'thinking_delta', thinking: 'Hm' } },
  { type: 'content_block_delta', delta: { type: 'input_json_delta', partial_json: '{"a' } },
];
const MESSAGES_END = { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 9 } };

/** Title, answer, and the expected result: tokens in, tokens out, whether estimated. */
const STREAMS: [string, string, [number | null, number | null, boolean]][] = [
  ['chat with usage', events(...CHAT, { choices: [], usage: USAGE, timings: TIMINGS }, '[DONE]'), [25, 4, false]],
  [
    'chat with usage: null until the end',
    events(...CHAT.map((each) => ({ ...each, usage: null })), { usage: USAGE }),
    [25, 4, false],
  ],
  ['chat without usage, of llama-server', events(...CHAT, { choices: [], timings: TIMINGS }, '[DONE]'), [25, 7, false]],
  ['chat without either', events(...CHAT, '[DONE]'), [null, 3, true]],
  [
    'chat with usage in every event',
    events(delta({ content: 'a' }), { ...delta({ content: 'b' }), usage: USAGE }),
    [25, 4, false],
  ],
  [
    'chat broken off after a report',
    events({ usage: { prompt_tokens: 5, completion_tokens: 0 } }, ...CHAT),
    [5, 3, true],
  ],
  [
    'calls of tools',
    events(
      delta({ tool_calls: [{ id: '1', function: { name: 'f', arguments: '' } }] }),
      delta({ tool_calls: [{ function: { arguments: '{' } }] }),
    ),
    [null, 2, true],
  ],
  [
    'completions',
    events(
      { choices: [{ text: 'Hi' }] },
      { choices: [{ text: '' }], usage: { prompt_tokens: 6, completion_tokens: 1 } },
    ),
    [6, 1, false],
  ],
  [
    'completions of llama-server itself',
    events(
      { content: 'Hi', tokens_predicted: 1 },
      { content: '', stop: true, timings: { cache_n: 5, prompt_n: 1, predicted_n: 1 } },
    ),
    [6, 1, false],
  ],
  ['messages', named(...MESSAGES, MESSAGES_END, { type: 'message_stop' }), [25, 9, false]],
  ['messages, broken off', named(...MESSAGES), [25, 3, true]],
  ['responses', RESPONSES, [25, 2, false]],
  [
    'as Python writes JSON',
    'data: {"choices": [{"delta": {"content": "a"}}]}\n\ndata: {"usage": {"prompt_tokens": 3, "completion_tokens": 1}}\n\n',
    [3, 1, false],
  ],
  ['lines that end in CRLF', events(...CHAT, { usage: USAGE }).replaceAll('\n', '\r\n'), [25, 4, false]],
  ['an error', events({ error: { message: 'no', code: 500 } }), [null, null, false]],
  ['nothing but comments', ': ping\n\n: ping\n\n', [null, null, false]],
];

describe('a stream', () => {
  it.each(STREAMS)('of %s has the expected tokens', (_what, text, [tokensIn, out, isEstimated]) => {
    expect(read(STREAM, text)).toMatchObject({ in: tokensIn, out, isEstimated });
  });

  it.each(STREAMS)('of %s has the same tokens with any split', (_what, text) => {
    const { withContent: _, ...whole } = read(STREAM, text);
    for (let size = 1; size < 200; size += 1)
      expect(read(STREAM, text, size), `chunks of ${size}`).toMatchObject(whole);
  });

  it('reports for each chunk whether it contains generated text', () => {
    const reader = usageReader(STREAM);
    const chunks = [
      delta({ role: 'assistant', content: '' }),
      delta({ content: 'a' }),
      delta({}),
      delta({ content: 'b' }),
    ];
    expect(chunks.map((each) => reader?.read(Buffer.from(events(each))))).toEqual([false, true, false, true]);
  });

  it('counts each event once, with any split and any content', () => {
    const both = events(delta({ reasoning_content: 'a', content: 'b' }), delta({ content: 'c' }));
    for (const size of [1, 7, 50, Infinity])
      expect(read(STREAM, both, size)).toMatchObject({ out: 2, withContent: size === Infinity ? 1 : 2 });
  });

  it('may have lines of any length', () => {
    const long = { response: { output: 'x'.repeat(100_000), usage: { input_tokens: 3, output_tokens: 5 } } };
    for (const size of [1_000, 16_384]) expect(read(STREAM, events(long), size)).toMatchObject({ in: 3, out: 5 });
  });

  it('with invalid figures has no tokens', () => {
    const nonsense = [{ prompt_tokens: -1 }, { prompt_tokens: 1.5, completion_tokens: '3' }, { output_tokens: 1e300 }];
    for (const usage of nonsense) expect(read(STREAM, events({ usage }))).toMatchObject({ in: null, out: null });
    for (const text of [
      'data: {"usage":{]}\n\n',
      'data: {"usage":{"a":"}\n\n',
      `data: {"usage":${'{'.repeat(9_000)}\n\n`,
    ])
      expect(read(STREAM, text)).toMatchObject({ in: null, out: null, isEstimated: false });
  });
});

describe('an answer that is not streamed', () => {
  const filler = Array.from({ length: 3_000 }, (_, index) => index / 7);

  it.each<[string, object, [number | null, number | null]]>([
    ['chat', { choices: [{ message: { content: 'Hi' } }], usage: USAGE, id: 'x', timings: TIMINGS }, [25, 4]],
    ['chat of llama-server without usage', { choices: [], timings: TIMINGS }, [25, 7]],
    [
      'messages',
      {
        content: [{ type: 'tool_use', input: { usage: { input_tokens: 1 } } }],
        usage: { input_tokens: 21, cache_read_input_tokens: 4, output_tokens: 4 },
      },
      [25, 4],
    ],
    ['responses', { output: [], usage: { input_tokens: 25, output_tokens: 4, total_tokens: 29 } }, [25, 4]],
    ['embeddings', { data: [{ embedding: [0.1] }], usage: { prompt_tokens: 8, total_tokens: 8 } }, [8, 0]],
    ['many embeddings, figures first', { usage: { prompt_tokens: 8, total_tokens: 8 }, data: filler }, [8, 0]],
    ['many embeddings, figures last', { data: filler, usage: { prompt_tokens: 8, total_tokens: 8 } }, [8, 0]],
    ['a count of tokens', { input_tokens: 25 }, [null, null]],
    ['an error', { error: { message: 'no' } }, [null, null]],
  ])('as %s', (_what, body, [tokensIn, out]) => {
    const text = JSON.stringify(body);
    const sizes = text.length > 10_000 ? [1_000, 4_096, 60_000] : [1, 2, 3, 5, 64, 1_000];
    for (const size of sizes)
      expect(read(JSON_TYPE, text, size)).toEqual({ in: tokensIn, out, isEstimated: false, withContent: 0 });
  });
});

it.each(['audio/wav', 'text/html', 'text/plain; version=0.0.4', '', 'application/jsonp'])(
  '%s has no reader',
  (type) => {
    expect(usageReader(type)).toBeNull();
  },
);

it.each(['application/problem+json', 'Application/JSON', 'text/event-stream;charset=utf-8'])(
  '%s has a reader',
  (type) => {
    expect(usageReader(type)).not.toBeNull();
  },
);

describe('the cached tokens of a prompt', () => {
  const cachedOf = (type: string, text: string): number | null | undefined => {
    const reader = usageReader(type);
    reader?.read(Buffer.from(text));
    return reader?.cached();
  };

  it.each([
    ['chat', JSON.stringify({ usage: USAGE })],
    ['llama-server', JSON.stringify({ timings: TIMINGS })],
    ['responses', JSON.stringify({ usage: { input_tokens: 25, input_tokens_details: { cached_tokens: 24 } } })],
    ['messages', JSON.stringify({ usage: { input_tokens: 1, cache_read_input_tokens: 24 } })],
  ])('are read from %s', (_name, text) => {
    expect(cachedOf(JSON_TYPE, text)).toBe(24);
    expect(cachedOf(STREAM, `data: ${text}\n\n`)).toBe(24);
  });

  it('are unknown without a report', () => {
    expect(cachedOf(JSON_TYPE, JSON.stringify({ usage: { prompt_tokens: 3, completion_tokens: 1 } }))).toBeNull();
    expect(cachedOf(STREAM, events(...CHAT))).toBeNull();
  });
});
