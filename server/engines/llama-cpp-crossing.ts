import type { Crossing } from '../instances/ports/engine-adapter.ts';

/**
 * The crossings of llama-server, on build 11669. llama-server keeps a session for each `X-Conversation-Id`. A caller
 * who knows or guesses the id can find the session (`/v1/streams/lookup`), delete it, or read its answer:
 * `GET /v1/stream?conv_id=`, in some builds `/v1/stream/ID`. A session keeps running when its own caller has left.
 * `/v1/chat/completions/control` ends the reasoning of a completion by its id. Newer builds store responses:
 * `GET /v1/responses/ID`.
 *
 * The other routes under `/v1` keep only the prompt cache between requests. Slots, properties and LoRA adapters are not
 * under `/v1`, and `--api-prefix`, which would move them there, is reserved.
 */
export const LLAMA_CROSSING: Crossing = {
  headers: ['x-conversation-id'],
  paths: ['/v1/stream', '/v1/streams', '/v1/chat/completions/control', '/v1/responses/*'],
  // These only count tokens and shorten their input.
  except: ['/v1/responses/input_tokens', '/v1/responses/compact'],
};
