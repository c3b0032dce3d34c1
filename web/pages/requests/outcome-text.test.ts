import type { FinishedRequest } from '@llamactl/client';
import { expect, it } from 'vitest';
import { requestsWords } from '../../words/requests.ts';
import { outcomeText } from './outcome-text.ts';

const words = requestsWords.en;
type Part = Pick<FinishedRequest, 'outcome' | 'status' | 'error'>;
const part = (changes: Partial<Part>): Part => ({ outcome: 'ok', status: 200, error: null, ...changes });

it('names the credentials that ended with a request', () => {
  const error = { code: 'UNAUTHORIZED', message: 'The account was disabled.' };
  const text = outcomeText(part({ outcome: 'cancelled', error }), words);
  expect(text).toBe('ended here: the account was disabled');
});

it('says no more than that of a request that an operator ended', () => {
  const error = { code: 'REQUEST_CANCELLED', message: 'This request was cancelled by an operator.' };
  expect(outcomeText(part({ outcome: 'cancelled', error }), words)).toBe('ended here');
});

it('has the status of a refusal, and how many the row stands for', () => {
  const refused = { ...part({ outcome: 'refused', status: 429 }), count: 3 };
  expect(outcomeText(refused, words)).toBe(`${words.outcomes.refused} · 429 · ${words.times(3)}`);
});
