import type { FinishedRequest } from '@llamactl/client';
import type { requestsWords } from '../../words/requests.ts';

/** The code of a request that an operator ended. Another code names the credentials that ended. */
const BY_OPERATOR = 'REQUEST_CANCELLED';

/** A sentence within another one: `the key was revoked`. */
function clause(sentence: string): string {
  return `${sentence.slice(0, 1).toLowerCase()}${sentence.slice(1)}`.replace(/\.$/, '');
}

/** The outcome; of a refusal also its status, because callers report that, and how many the row stands for. */
export function outcomeText(
  { outcome, status, error, count = 1 }: Pick<FinishedRequest, 'outcome' | 'status' | 'error' | 'count'>,
  words: (typeof requestsWords)['en'],
): string {
  const why = outcome === 'cancelled' && error !== null && error.code !== BY_OPERATOR ? clause(error.message) : null;
  const verdict = why === null ? words.outcomes[outcome] : `${words.outcomes[outcome]}: ${why}`;
  const parts = [verdict, outcome === 'refused' ? status : null, count > 1 ? words.times(count) : null];
  return parts.filter((part) => part !== null).join(' · ');
}
