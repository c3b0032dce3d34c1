import { expect, it } from 'vitest';
import { patience } from './patience.ts';

it('prints one note for all requests that wait at the same time, and none for a short wait', () => {
  const notes: string[] = [];
  let now = 1_000_000;
  const { onRetry } = patience(
    (text) => notes.push(text),
    () => now,
  );
  const error = new Error('Stopping.');
  onRetry({ error, delay: 1 });
  for (const delay of [59, 59, 58]) onRetry({ error, delay });
  expect(notes).toEqual(['llamactl: Stopping. Waiting …']);
  now += 59_000;
  const limit = Object.assign(error, {
    status: 429,
    details: 'rate_limit.intensive in the configuration sets the limit.',
  });
  onRetry({ error: limit, delay: 11.2 });
  expect(notes.slice(1)).toEqual([
    'llamactl: waits 12 s for the rate limit (rate_limit.intensive in the configuration sets the limit)',
  ]);
});

it('waits at most an hour for rate limits', () => {
  expect(patience(() => undefined, Date.now).rateLimitWait).toBe(3_600);
});
