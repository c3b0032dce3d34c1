import type { FinishedRequest } from '@llamactl/contract/requests';

/** A finished request with figures of a short answer, except for the given fields. */
export function finishedRequest(fields: Partial<FinishedRequest> = {}): FinishedRequest {
  return {
    id: 'r',
    caller: 'user:ada',
    instance: 'i',
    model: 'i',
    door: 'v1',
    method: 'POST',
    path: '/v1/chat/completions',
    started_at: '2026-03-01T12:00:00.000Z',
    waited: 0,
    starting: 0,
    queued: 0,
    prompt_seconds: null,
    user_agent: null,
    stream: true,
    time_to_first_token: 0.2,
    tokens_in: 5,
    cached_tokens: null,
    tokens_out: 7,
    tokens_estimated: false,
    tokens_per_second: 30,
    bytes_out: 100,
    seq: 1,
    outcome: 'ok',
    status: 200,
    error: null,
    finished_at: '2026-03-01T12:00:01.000Z',
    duration: 1,
    ...fields,
  };
}
