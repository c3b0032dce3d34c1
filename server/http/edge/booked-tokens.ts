import type { IncomingMessage } from 'node:http';
import type { RequestFigures } from '@llamactl/contract/requests';

/** A usual tokenizer on English text. */
const BYTES_PER_TOKEN = 4;
/** A body may hold an image, which has far fewer tokens than its base64 suggests. */
const MOST_ESTIMATED = 32_768;

/**
 * Tokens that a request counts for. An engine reports them with the end of an answer. For an answer that its caller broke
 * off, or of an engine that reports nothing, they are estimated: otherwise leaving early would make it free.
 *
 * An answer that was broken off before a token of it was seen may be one that is not streamed: the engine has generated it
 * for all that time. What the request says of `max_tokens` is not looked at: each engine has its own names for it.
 *
 * @param bodyBytes Length of the request's body, as far as it is known.
 * @param speed Tokens that its engine generates in a second.
 */
export function bookedTokens(
  { tokens_in: prompt, tokens_out: answer, outcome, waited, duration }: RequestFigures,
  bodyBytes: number,
  speed: number,
): number {
  const isBrokenOff = waited !== null && (outcome === 'aborted' || outcome === 'cancelled');
  const unseen = isBrokenOff ? Math.ceil((duration - waited) * speed) : 0;
  const generated = answer ?? unseen;
  if (prompt !== null) return prompt + generated;
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
