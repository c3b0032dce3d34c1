import type { ActiveRequest } from '@llamactl/contract/requests';

/** A request in flight, as the API has it. */
export function activeRequest(id: string, changes: Partial<ActiveRequest> = {}): ActiveRequest {
  return {
    id,
    caller: 'user:ada',
    instance: 'chat',
    model: 'chat',
    door: 'v1',
    method: 'POST',
    path: '/v1/chat/completions',
    started_at: '2026-03-01T12:00:00.000Z',
    waited: 0,
    starting: 0,
    queued: 0,
    prompt_seconds: null,
    user_agent: null,
    cached_tokens: null,
    position: null,
    stream: true,
    time_to_first_token: null,
    tokens_in: null,
    tokens_out: null,
    tokens_estimated: false,
    tokens_per_second: null,
    bytes_out: 0,
    phase: 'streaming',
    ...changes,
  };
}
