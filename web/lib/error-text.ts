import { ConnectionError, ForbiddenError, LlamactlError, NotFoundError } from '@llamactl/client';
import { partsWords } from '../words/parts.ts';
import { wordsNow } from './language.ts';
import { serverWordsNow } from './server-words.ts';
import { UnreadableAnswer } from './unreadable-answer.ts';

/** An error as the page shows it. */
export interface ErrorText {
  kind: 'forbidden' | 'not found' | 'no connection' | 'error';
  /** The sentence of the API, of the client, or of the page in the reader's language. */
  sentence: string;
  /** The words of the API, if `sentence` is in another language and says less; `null`: it says all. */
  words: string | null;
  /** For a report; `null`: the server did not answer. */
  requestId: string | null;
}

/** Describes an error of a request. */
export function errorText(error: unknown): ErrorText {
  const sentence = sentenceOf(error);
  if (error instanceof LlamactlError) {
    const kind = error instanceof ForbiddenError ? 'forbidden' : error instanceof NotFoundError ? 'not found' : 'error';
    // The reason of an engine says more than "did not become ready".
    const more = [error.reason, error.details].find(
      (text) => text !== undefined && text !== '' && !sentence.includes(text),
    );
    const words = more === undefined ? sentence : `${sentence} ${more}`;
    const own = serverWordsNow()?.error(error) ?? null;
    const { requestId } = error;
    return own === null
      ? { kind, sentence: words, words: null, requestId }
      : { kind, sentence: own.text, words: own.isWhole ? null : words, requestId };
  }
  return { kind: error instanceof ConnectionError ? 'no connection' : 'error', sentence, words: null, requestId: null };
}

/** An error as plain text, where its two languages cannot be marked. */
export function plainErrorText(error: unknown): string {
  const { sentence, words } = errorText(error);
  return words === null ? sentence : `${sentence} ${words}`;
}

/** The failure of a job as plain text. */
export function plainFailure(failure: { code: string; message: string }): string {
  const own = serverWordsNow()?.error(failure) ?? null;
  return own === null ? failure.message : own.isWhole ? own.text : `${own.text} ${failure.message}`;
}

function sentenceOf(error: unknown): string {
  if (error instanceof UnreadableAnswer) return wordsNow(partsWords).answerLacks(error.field);
  return error instanceof Error ? error.message : String(error);
}
