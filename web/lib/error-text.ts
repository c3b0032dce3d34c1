import { ConnectionError, ForbiddenError, LlamactlError, NotFoundError } from '@llamactl/client';

/** An error as the page shows it. */
export interface ErrorText {
  kind: 'forbidden' | 'not found' | 'no connection' | 'error';
  /** The sentence of the API, or of the client. */
  sentence: string;
  /** For a report; `null`: the server did not answer. */
  requestId: string | null;
}

/** Describes an error of a request. */
export function errorText(error: unknown): ErrorText {
  const sentence = error instanceof Error ? error.message : String(error);
  if (error instanceof LlamactlError) {
    const kind = error instanceof ForbiddenError ? 'forbidden' : error instanceof NotFoundError ? 'not found' : 'error';
    // The reason of an engine says more than "did not become ready".
    const more = [error.reason, error.details].find(
      (text) => text !== undefined && text !== '' && !sentence.includes(text),
    );
    return { kind, sentence: more === undefined ? sentence : `${sentence} ${more}`, requestId: error.requestId };
  }
  return { kind: error instanceof ConnectionError ? 'no connection' : 'error', sentence, requestId: null };
}
