import type { ChatRequest } from '@llamactl/client';
import type { Session } from '../command-line.ts';
import { EXIT } from '../exit-status.ts';
import { Problem } from '../problem.ts';
import { waysForLongPrompt } from './prompt-length.ts';
import { giveAnswer, type AnswerTerms } from './answer.ts';
import { whyBroken } from './broken-answer.ts';

/** Asks one question and prints the answer. @throws the error that cut the answer off */
export async function answerOnce(session: Session, request: ChatRequest, terms: AnswerTerms): Promise<void> {
  const asked = session.now();
  const { failure } = await giveAnswer(session, request, terms);
  if (failure === null) return;
  const { error } = failure;
  const { ConnectionError, LlamactlError } = await import('@llamactl/client');
  const ways = waysForLongPrompt(error, request.model);
  if (ways.length > 0 && error instanceof LlamactlError)
    throw new Problem(error.message, EXIT.failed, ways, error.code);
  // Also before the first token: an engine may crash on the question.
  if (!(error instanceof ConnectionError) || error.isUnsent) throw error;
  throw new Problem(await whyBroken(session, request.model, { asked, signal: terms.signal }), EXIT.failed, [
    `for the cause: llamactl why ${request.model}`,
  ]);
}
