import type { FinishedRequest } from '@llamactl/client';
import { expect, test } from 'vitest';
import { mergeFinished } from './request-list.ts';

const finished = (seq: number, startedAt: string): FinishedRequest => ({
  id: String(seq),
  caller: null,
  instance: 'chat',
  model: 'chat',
  door: 'v1',
  method: 'POST',
  path: '/v1/completions',
  started_at: `2026-11-30T12:00:${startedAt}Z`,
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
  outcome: 'ok',
  seq,
  status: 200,
  error: null,
  finished_at: '2026-11-30T12:01:00Z',
  duration: 1,
});

test('finished requests stand in the order of the times that rows show', () => {
  const long = finished(3, '01');
  const known = mergeFinished([], [finished(1, '02'), finished(2, '04')]);
  expect(mergeFinished(known, [long, finished(4, '03')]).map(({ seq }) => seq)).toEqual([2, 4, 1, 3]);
});

test('a list that had all of them stays the same', () => {
  const known = [finished(2, '04'), finished(1, '02')];
  expect(mergeFinished(known, [finished(1, '02')])).toBe(known);
});

test('the row of refused requests has the newest count', () => {
  const refused = (count: number): FinishedRequest => ({ ...finished(1, '02'), outcome: 'refused', count });
  const known = mergeFinished([finished(2, '04')], [finished(1, '02')]);
  const grown = mergeFinished(known, [refused(7), refused(3)]);
  expect(grown.map(({ seq, count }) => [seq, count])).toEqual([
    [2, undefined],
    [1, 7],
  ]);
  expect(mergeFinished(grown, [refused(7)])).toBe(grown);
});
