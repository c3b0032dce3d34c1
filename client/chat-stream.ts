import { errorIn, excerpt, objectOf } from './answer-error.ts';
import { ConnectionError, ProtocolError } from './errors.ts';
import { readEvents } from './event-reader.ts';
import type { CallOptions } from './options.ts';
import type { Transport } from './transport.ts';

/** One message of a conversation, in OpenAI's form. */
export interface ChatMessage {
  role: 'system' | 'user' | 'assistant' | 'tool' | (string & {});
  content: unknown;
  [name: string]: unknown;
}

/** What `/v1/chat/completions` takes: this, and whatever the engine knows beside it. */
export interface ChatRequest {
  /** Name or alias of the instance. */
  model: string;
  messages: readonly ChatMessage[];
  [name: string]: unknown;
}

/** A piece of an answer, as the engine made it; what is not named here is passed on too. */
export interface ChatChunk {
  id?: string;
  model?: string;
  /** Empty in the piece that carries only `usage`. */
  choices: {
    index: number;
    delta: { role?: string; content?: string | null; reasoning_content?: string | null; [name: string]: unknown };
    finish_reason?: string | null;
  }[];
  usage?: { prompt_tokens: number; completion_tokens: number; total_tokens: number } | null;
  /** llama-server's own measurements, in its last piece. */
  timings?: { prompt_per_second?: number; predicted_per_second?: number; [name: string]: unknown };
  [name: string]: unknown;
}

/**
 * The answer of a model, a piece at a time. Whoever stops reading ends the answer at the engine too.
 *
 * @throws {TypeError} when it is asked for whole
 * @throws {LlamactlError} what llamactl or the engine says, before the answer or in the middle of it
 * @throws {ConnectionError} when it ends before it is whole
 */
export async function* streamChat(
  transport: Transport,
  body: ChatRequest,
  options: CallOptions,
): AsyncGenerator<ChatChunk, void, void> {
  if (body['stream'] !== undefined && body['stream'] !== true) {
    throw new TypeError(
      "`chat` gives an answer in pieces. Whole: request('POST', '/v1/chat/completions', { body }), without `stream`.",
    );
  }
  const answer = await transport.open({
    method: 'POST',
    path: '/v1/chat/completions',
    body: { ...body, stream: true },
    headers: { accept: 'text/event-stream' },
    isPatient: true,
    ...options,
  });
  const { url, response } = answer;
  const requestId = response.headers.get('x-request-id');
  for await (const { data } of readEvents(answer, { silence: 0 })) {
    if (data === '[DONE]') return;
    const chunk = objectOf(data);
    if (chunk === null) {
      throw new ProtocolError(`${url} sent something that is no piece of an answer: ${excerpt(data)}`, { url });
    }
    const error = 'error' in chunk ? errorIn(chunk, null, { requestId, retryAfter: null }) : null;
    if (error !== null) throw error;
    yield { choices: [], ...chunk };
  }
  throw new ConnectionError(`The answer of ${body.model} ended before it was whole: its engine may have ended.`, {
    url,
  });
}
