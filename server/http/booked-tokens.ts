import type { IncomingMessage } from 'node:http';
import type { RequestFigures } from '@llamactl/contract/requests';

/** A usual tokenizer on English text. */
const BYTES_PER_TOKEN = 4;
/** A body may hold an image, which has far fewer tokens than its base64 suggests. */
const MOST_ESTIMATED = 32_768;

/**
 * Tokens that a request counts for. An engine reports the prompt with the end of an answer: for an answer that was broken
 * off by its caller, or of an engine that reports nothing, the prompt is estimated, or leaving early would make it free.
 *
 * @param bodyBytes Length of the request's body, as far as it is known.
 */
export function bookedTokens(
  { tokens_in: prompt, tokens_out: answer, outcome, waited }: RequestFigures,
  bodyBytes: number,
): number {
  const generated = answer ?? 0;
  if (prompt !== null) return prompt + generated;
  const reachedEngine = waited !== null;
  const isBrokenOff = reachedEngine && (outcome === 'aborted' || outcome === 'cancelled');
  if (generated === 0 && !isBrokenOff) return 0;
  return generated + Math.min(MOST_ESTIMATED, Math.ceil(bodyBytes / BYTES_PER_TOKEN));
}

/**
 * Begins to measure the body of a request. Files of a form are no prompt and count 0. The type is compared with case, as
 * llama-server does: it reads any other spelling as JSON. A body in chunks counts with their framing.
 *
 * @returns the length by now, in bytes
 */
export function bodyMeter({ headers, socket, readableLength }: IncomingMessage): () => number {
  if (/^multipart\/form-data[ \t]*;/.test(headers['content-type'] ?? '')) return () => 0;
  const length = Number(headers['content-length']);
  if (Number.isSafeInteger(length)) return () => length;
  const before = socket.bytesRead;
  // What came with the headers waits to be read.
  return () => readableLength + socket.bytesRead - before;
}
