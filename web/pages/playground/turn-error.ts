import { errorText } from '../../lib/error-text.ts';
import type { TurnError } from './conversation.ts';

/** The part of an error that an answer keeps. */
export function turnError(error: unknown): TurnError {
  const { kind, sentence, requestId } = errorText(error);
  return { sentence, requestId, isLost: kind === 'no connection' };
}
