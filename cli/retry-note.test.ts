import { expect, it } from 'vitest';
import { retryNote } from './retry-note.ts';

it('prints one note for all requests that wait at the same time, and none for a short wait', () => {
  const notes: string[] = [];
  let now = 1_000_000;
  const onRetry = retryNote(
    (text) => notes.push(text),
    () => now,
  );
  const error = new Error('Too many.');
  onRetry({ error, delay: 1 });
  for (const delay of [59, 59, 58]) onRetry({ error, delay });
  expect(notes).toEqual(['llamactl: Too many. Waiting …']);
  now += 59_000;
  onRetry({ error: Object.assign(error, { details: 'rate_limit.intensive sets it.' }), delay: 30 });
  expect(notes.slice(1)).toEqual(['llamactl: Too many. rate_limit.intensive sets it. Waiting …']);
});
