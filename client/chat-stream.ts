import { errorIn, excerpt, objectOf } from './answer-error.ts';
import { ConnectionError, ProtocolError } from './errors.ts';
import { readEvents } from './event-reader.ts';
import type { ChatOptions } from './options.ts';
import type { Transport } from './transport.ts';

/** One message of a conversation, in OpenAI's format. */
export interface ChatMessage {
  role: 'system' | 'user' | 'assistant' | 'tool' | (string & {});
  content: unknown;
  [name: string]: unknown;
}

/** Body of `/v1/chat/completions`. It may have any other fields that the engine supports. */
export interface ChatRequest {
  /** Name or alias of the instance. */
  model: string;
  messages: readonly ChatMessage[];
  [name: string]: unknown;
}

/** One chunk of an answer, as the engine sent it, including fields that this type does not name. */
export interface ChatChunk {
  id?: string;
  model?: string;
  /** Empty in the chunk that has only `usage`. */
  choices: {
    index: number;
    delta: { role?: string; content?: string | null; reasoning_content?: string | null; [name: string]: unknown };
    finish_reason?: string | null;
  }[];
  usage?: { prompt_tokens: number; completion_tokens: number; total_tokens: number } | null;
  /** llama-server's own measurements, in its last chunk. */
  timings?: { prompt_per_second?: number; predicted_per_second?: number; [name: string]: unknown };
  [name: string]: unknown;
}

/**
 * Yields the answer of a model in chunks. Leaving the loop also ends the answer at the engine.
 *
 * @throws {TypeError} If `stream` is given and not `true`.
 * @throws {LlamactlError} If llamactl or the engine answers with an error, also in the middle of the answer.
 * @throws {ConnectionError} If the answer is incomplete.
 */
export async function* streamChat(
  transport: Transport,
  body: ChatRequest,
  { requestId: wanted, ...options }: ChatOptions,
): AsyncGenerator<ChatChunk, void, void> {
  if (body['stream'] !== undefined && body['stream'] !== true) {
    throw new TypeError(
      "`chat` streams the answer. For one complete answer: request('POST', '/v1/chat/completions', { body }), without `stream`.",
    );
  }
  const answer = await transport.open({
    method: 'POST',
    path: '/v1/chat/completions',
    body: { ...body, stream: true },
    headers: { accept: 'text/event-stream', ...(wanted === undefined ? {} : { 'x-request-id': wanted }) },
    isPatient: true,
    ...options,
  });
  const { url, response } = answer;
  const requestId = response.headers.get('x-request-id');
  for await (const { data } of readEvents(answer, { silence: 0 })) {
    if (data === '[DONE]') return;
    const chunk = objectOf(data);
    if (chunk === null) {
      throw new ProtocolError(`${url} sent an event that is not a chunk of an answer: ${excerpt(data)}`, { url });
    }
    const error = 'error' in chunk ? errorIn(chunk, null, { requestId, retryAfter: null }) : null;
    if (error !== null) throw error;
    yield { choices: [], ...chunk };
  }
  throw new ConnectionError(`The answer of ${body.model} is incomplete: its engine may have died.`, {
    url,
  });
}
