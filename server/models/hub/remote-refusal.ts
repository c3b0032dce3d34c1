import { ApiError, retryIn } from '@llamactl/contract/errors';
import type { RemoteAnswer } from './remote-requests.ts';

/** Bounds of the wait that another server may ask for, in seconds. */
const USUAL_WAIT = 60;
const LONGEST_WAIT = 3_600;

/**
 * Throws the error for an answer that is no success.
 *
 * @param absent The sentence for an answer that the thing does not exist.
 * @param statuses All statuses with this meaning.
 * @throws {ApiError} `RATE_LIMITED`, `NOT_FOUND`, `HUB_ERROR`
 */
export function assertSuccess(answer: RemoteAnswer, host: string, absent: string, statuses: readonly number[]): void {
  const { status } = answer;
  if (status === 429) throw rateLimited(answer, host);
  if (statuses.includes(status)) throw new ApiError('NOT_FOUND', absent);
  if (status !== 200) throw new ApiError('HUB_ERROR', `${host} answered with status ${status}.`);
}

/** Passes on that another server limits our requests. Its wait is kept between 1 second and an hour. */
export function rateLimited({ headers }: RemoteAnswer, host: string): ApiError {
  const [, reset] = /;\s*t=(\d{1,9})/.exec(textOf(headers['ratelimit'])) ?? [];
  const after = /^\d{1,9}$/.exec(textOf(headers['retry-after']))?.[0] ?? reset;
  const seconds = Math.min(LONGEST_WAIT, Math.max(1, Number(after ?? USUAL_WAIT)));
  return new ApiError(
    'RATE_LIMITED',
    `${host} limits the requests of this server; retry in ${seconds} s.`,
    retryIn(seconds),
  );
}

/** The value of a header; empty: it is missing. */
export function textOf(header: string | string[] | undefined): string {
  return (typeof header === 'string' ? header : header?.[0]) ?? '';
}
