import type { Crossing } from '../instances/ports.ts';

/**
 * Where callers of one llama-server meet, on build 11669. It keeps a session for each `X-Conversation-Id`: whoever knows
 * or guesses the id reads the answer (`GET /v1/stream?conv_id=`, in some builds `/v1/stream/ID`), finds it
 * (`/v1/streams/lookup`) or deletes it, and the work goes on when its own caller has left. `/v1/chat/completions/control`
 * ends the reasoning of a completion by its id. Newer builds store responses: `GET /v1/responses/ID`.
 *
 * The other routes under `/v1` keep nothing between requests but the prompt cache. Slots, properties and LoRA adapters are
 * not under `/v1`, and `--api-prefix`, which would move them there, is reserved.
 */
export const LLAMA_CROSSING: Crossing = {
  headers: ['x-conversation-id'],
  paths: ['/v1/stream', '/v1/streams', '/v1/chat/completions/control', '/v1/responses/*'],
  // They count tokens and shorten what they are given.
  except: ['/v1/responses/input_tokens', '/v1/responses/compact'],
};
