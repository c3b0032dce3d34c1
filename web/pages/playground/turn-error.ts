import { errorText, plainErrorText } from '../../lib/error-text.ts';
import { AnswerBrokeOff } from './answer-record.ts';
import type { TurnError } from './conversation.ts';

/** The part of an error that an answer keeps. */
export function turnError(error: unknown): TurnError {
  if (error instanceof AnswerBrokeOff) {
    return { sentence: error.message, requestId: error.requestId, brokeOff: error.outcome };
  }
  const { kind, requestId } = errorText(error);
  return { sentence: plainErrorText(error), requestId, isLost: kind === 'no connection' };
}
