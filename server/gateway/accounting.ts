import type { ServerResponse } from 'node:http';
import { ApiError } from '@llamactl/contract/errors';
import type { Caller } from './caller-watch.ts';
import type { RequestRecord } from './requests.ts';

/**
 * Runs `serve`, and ends the record of its request with the outcome, also when `serve` throws.
 *
 * @throws what `serve` throws; for a cancelled request, the error that its caller gets
 */
export async function accounted(
  record: RequestRecord,
  response: ServerResponse,
  caller: Caller,
  serve: () => Promise<void>,
): Promise<void> {
  try {
    await serve();
    endPassed(record, response, caller);
  } catch (error) {
    if (record.isCancelled) {
      // Answer with an error: a client that loses its connection without an answer retries.
      const refusal = new ApiError('REQUEST_CANCELLED', 'This request was cancelled by an operator.', { cause: error });
      record.end('cancelled', refusal.status);
      throw refusal;
    }
    if (caller.signal.aborted) record.end('aborted');
    else record.end(record.wasLeased ? 'broken' : 'refused', error instanceof ApiError ? error.status : 500);
    throw error;
  }
}

/** Ends the record of a request whose answer has passed or broke off. */
function endPassed(record: RequestRecord, response: ServerResponse, caller: Caller): void {
  if (record.isCancelled) return record.end('cancelled');
  const isWebSocket = !response.headersSent;
  if (isWebSocket) return record.end('ok');
  if (!response.writableFinished) return record.end(caller.signal.aborted ? 'aborted' : 'broken');
  const { statusCode } = response;
  if (statusCode >= 500) return record.end('engine_error', statusCode);
  return record.end(statusCode >= 400 ? 'client_error' : 'ok', statusCode);
}
