import type { IncomingMessage } from 'node:http';
import type { RequestFigures } from '@llamactl/contract/requests';

/** A typical ratio for English text. */
const BYTES_PER_TOKEN = 4;
/** Upper limit of an estimate: an image in a body has far fewer tokens than its base64 suggests. */
const MOST_ESTIMATED = 32_768;
/** Paths where engines only count the tokens of a request. */
const COUNTING = /\/(?:count_tokens|input_tokens)$/;

/** Whether an engine may generate tokens for a request. Reading and counting generate none. */
export function mayGenerate({ method, url = '' }: Pick<IncomingMessage, 'method' | 'url'>): boolean {
  return method === 'POST' && !COUNTING.test(url.replace(/\?.*$/, ''));
}

/**
 * Returns the tokens that a request counts towards its caller's limits. An engine reports tokens at the end of an
 * answer. If the report is missing (the caller broke off the answer, or the engine sends none), the tokens are
 * estimated. Otherwise such a request would be free.
 *
 * A complete answer without a report counts by its pieces if it is a stream, otherwise by its bytes.
 *
 * An answer that was broken off before its first token may be one that is not streamed. In that case the engine has
 * been generating all the time. `max_tokens` of the request is ignored, because each engine has its own names for it.
 *
 * @param bodyBytes Length of the request's body, as far as it is known.
 * @param speed Tokens that its engine generates per second.
 * @param isGenerating From {@link mayGenerate}; if false, a complete answer counts only the reported tokens.
 */
export function bookedTokens(
  { tokens_in: prompt, tokens_out: answer, outcome, waited, duration, bytes_out: answerBytes }: RequestFigures,
  bodyBytes: number,
  speed: number,
  isGenerating: boolean,
): number {
  const isBrokenOff = waited !== null && (outcome === 'aborted' || outcome === 'cancelled');
  const isUnreported = prompt === null && outcome === 'ok' && isGenerating;
  const unseen = isBrokenOff ? Math.ceil((duration - waited) * speed) : isUnreported ? estimated(answerBytes) : 0;
  const generated = answer ?? unseen;
  if (prompt !== null) return prompt + generated;
  if (generated === 0 && !isBrokenOff) return 0;
  return generated + estimated(bodyBytes);
}

function estimated(bytes: number): number {
  return Math.min(MOST_ESTIMATED, Math.ceil(bytes / BYTES_PER_TOKEN));
}

/**
 * Starts measuring the body of a request. Forms count 0, because files are no prompt. The content type is compared
 * case-sensitively, because llama-server reads any other spelling as JSON. A chunked body counts with its framing.
 *
 * @returns a function that returns the length so far, in bytes
 */
export function bodyMeter({ headers, socket, readableLength }: IncomingMessage): () => number {
  if (/^multipart\/form-data[ \t]*;/.test(headers['content-type'] ?? '')) return () => 0;
  const length = Number(headers['content-length']);
  if (Number.isSafeInteger(length)) return () => length;
  const before = socket.bytesRead;
  // Bytes that arrived with the headers are still unread.
  return () => readableLength + socket.bytesRead - before;
}
