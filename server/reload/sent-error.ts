import { ApiError, ERROR_CODES } from '@llamactl/contract/errors';
import type { SentError } from './messages.ts';

/** Converts an error for a caller into a message. Any other error becomes an internal error. */
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
      // A version that does not know the code needs the status.
      status: known.status,
      ...(headers === undefined ? {} : { headers: { ...headers } }),
    },
  };
}

/** Converts a message back into an error. If only a later version knows its code, message and status are kept. */
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
