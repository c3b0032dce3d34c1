import type { ActiveRequest, FinishedRequest, Requests } from '@llamactl/client';
import { expect, it } from 'vitest';
import { withEnded } from './ended-requests.ts';

const common = {
  caller: null,
  instance: 'chat',
  model: 'chat',
  door: 'v1',
  method: 'POST',
  path: '/v1/completions',
  started_at: '2026-11-30T12:00:00Z',
  waited: 0,
  starting: 0,
  queued: 0,
  prompt_seconds: null,
  user_agent: null,
  stream: false,
  time_to_first_token: null,
  tokens_in: null,
  cached_tokens: null,
  tokens_out: null,
  tokens_estimated: false,
  tokens_per_second: null,
  bytes_out: 0,
} as const;
const active = (id: string): ActiveRequest => ({ ...common, id, phase: 'streaming', position: null });
const finished = (id: string): FinishedRequest => ({
  ...common,
  id,
  seq: 1,
  outcome: 'ok',
  status: 200,
  error: null,
  finished_at: '2026-11-30T12:00:05Z',
  duration: 5,
});
const answer: Requests = { in_flight: [active('a'), active('b')], finished: [], more: false };
const ids = ({ in_flight, finished: over }: Requests): string[][] => [
  in_flight.map(({ id }) => id),
  over.map(({ id }) => id),
];

it('a request whose end was reported is finished, also if an older answer has it in flight', () => {
  const ended = new Map([['a', finished('a')]]);
  expect(ids(withEnded(answer, ended, () => true))).toEqual([['b'], ['a']]);
  expect(ids(withEnded({ ...answer, finished: [finished('a')] }, ended, () => true))).toEqual([['b'], ['a']]);
});

it('a request that ended is gone if the filters hide it', () => {
  expect(ids(withEnded(answer, new Map([['a', finished('a')]]), () => false))).toEqual([['b'], []]);
});

it('an answer without ended requests stays as it is', () => {
  expect(withEnded(answer, new Map([['z', finished('z')]]), () => true)).toBe(answer);
});
