import { ApiError, ERROR_CODES } from '@llamactl/contract/errors';
import type { SentError } from './messages.ts';

/** An error for a caller, as it goes to another process; anything else is a fault of ours, and told as one. */
export function sentError(error: unknown): SentError {
  const known =
    error instanceof ApiError ? error : new ApiError('INTERNAL_ERROR', 'Something went wrong inside llamactl.');
  const { details, problems, reason, headers } = known.extras;
  return {
    code: known.code,
    message: known.message,
    extras: {
      ...(details === undefined ? {} : { details }),
      ...(problems === undefined ? {} : { problems: [...problems] }),
      ...(reason === undefined ? {} : { reason }),
      // A version that does not know the code has nothing else to go by.
      status: known.status,
      ...(headers === undefined ? {} : { headers: { ...headers } }),
    },
  };
}

/** Of a code that only a later version knows, sentence and status stay. */
export function receivedError({ code: sent, message, extras }: SentError): ApiError {
  const code = ERROR_CODES.find((known) => known === sent) ?? 'INTERNAL_ERROR';
  const { details, problems, reason, status, headers } = extras;
  return new ApiError(code, message, {
    ...(details === undefined ? {} : { details }),
    ...(problems === undefined ? {} : { problems }),
    ...(reason === undefined ? {} : { reason }),
    ...(status === undefined ? {} : { status }),
    ...(headers === undefined ? {} : { headers }),
  });
}
