import type { ActiveRequest, FinishedRequest } from '@llamactl/client';
import { describe, expect, test } from 'vitest';
import { tokenCount } from '../../lib/figures.ts';
import { courseOf, scaleOf } from './course.ts';

const BEGUN = Date.parse('2026-11-30T12:00:00Z');
const FACTS = {
  id: 'r1',
  caller: 'anonymous',
  instance: 'chat',
  model: 'chat',
  door: 'v1',
  method: 'POST',
  path: '/v1/chat/completions',
  started_at: '2026-11-30T12:00:00Z',
  waited: 3,
  starting: 2,
  queued: 1,
  prompt_seconds: null,
  user_agent: null,
  stream: true,
  time_to_first_token: null,
  tokens_in: null,
  cached_tokens: null,
  tokens_out: null,
  tokens_estimated: false,
  tokens_per_second: null,
  bytes_out: 0,
} as const satisfies Partial<ActiveRequest>;

const finished: FinishedRequest = {
  ...FACTS,
  outcome: 'ok',
  seq: 1,
  status: 200,
  error: null,
  finished_at: '2026-11-30T12:00:10Z',
  duration: 10,
};

function active(phase: ActiveRequest['phase'], changes: Partial<ActiveRequest> = {}): ActiveRequest {
  return { ...FACTS, phase, position: null, ...changes };
}

describe('the course of a request', () => {
  test('has the seconds of the prompt that the engine reported', () => {
    expect(courseOf({ ...finished, prompt_seconds: 4 }, 0)).toEqual({ starting: 2, queued: 1, prompt: 4, answer: 3 });
  });

  test('takes the time until the first token as the prompt, if the engine reported nothing', () => {
    expect(courseOf({ ...finished, time_to_first_token: 5 }, 0)).toEqual({
      starting: 2,
      queued: 1,
      prompt: 2,
      answer: 5,
    });
  });

  test('has no prompt if neither is known', () => {
    expect(courseOf(finished, 0)).toEqual({ starting: 2, queued: 1, prompt: 0, answer: 7 });
  });

  test('has no answer if the request was refused', () => {
    const refused: FinishedRequest = { ...finished, outcome: 'refused', status: 503 };
    expect(courseOf(refused, 0)).toEqual({ starting: 2, queued: 1, prompt: 0, answer: 0 });
  });

  test('never has more seconds than the whole request', () => {
    expect(courseOf({ ...finished, duration: 1, prompt_seconds: 4 }, 0)).toEqual({
      starting: 1,
      queued: 0,
      prompt: 0,
      answer: 0,
    });
  });

  test.each([
    ['starting', { starting: 9, queued: 1, prompt: 0, answer: 0 }],
    ['queued', { starting: 2, queued: 8, prompt: 0, answer: 0 }],
    ['processing', { starting: 2, queued: 1, prompt: 7, answer: 0 }],
    ['streaming', { starting: 2, queued: 1, prompt: 2, answer: 5 }],
  ] as const)('counts the time until now for the phase %s', (phase, course) => {
    const request = active(phase, phase === 'streaming' ? { time_to_first_token: 5 } : {});
    expect(courseOf(request, BEGUN + 10_000)).toEqual(course);
  });
});

test('thousands of tokens are short', () => {
  expect([0, 812, 1_234, 64_400, 999_600, 12_345_678].map(tokenCount)).toEqual([
    '0',
    '812',
    '1.2k',
    '64k',
    '1.0M',
    '12M',
  ]);
});

describe('the scale of courses', () => {
  const taking = (...seconds: number[]): FinishedRequest[] => seconds.map((duration) => ({ ...finished, duration }));

  test('has room for the longest, if the others are not much shorter', () => {
    expect(scaleOf(taking(3, 10, 5), 0)).toBe(10);
    expect(scaleOf([...taking(3), active('streaming')], BEGUN + 7_000)).toBe(7);
  });

  test('does not grow with one request that is much longer than the others', () => {
    expect(scaleOf(taking(353, 2, 1, 2, 1), 0)).toBe(8);
    expect(scaleOf([...taking(2, 2), active('streaming')], BEGUN + 900_000)).toBe(8);
  });

  test('is not that of refused requests, and never less than a second', () => {
    const refused: FinishedRequest[] = taking(0, 0, 0, 0, 0).map((one) => ({ ...one, outcome: 'refused' }));
    expect(scaleOf([...refused, ...taking(20)], 0)).toBe(20);
    expect([scaleOf(refused, 0), scaleOf([], 0), scaleOf(taking(0.2), 0)]).toEqual([1, 1, 1]);
  });
});
