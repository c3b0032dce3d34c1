import { errorText } from '../../lib/error-text.ts';
import type { TurnError } from './conversation.ts';

/** What an answer keeps of the error that ended it. */
export function turnError(error: unknown): TurnError {
  const { kind, sentence, requestId } = errorText(error);
  return { sentence, requestId, isLost: kind === 'no connection' };
}
