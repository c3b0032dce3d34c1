import type { AnswerSoFar } from './answer-stream.ts';
import type { Turn } from './conversation.ts';

/** How many tokens of its context a conversation fills. */
export interface ContextUse {
  tokens: number;
  /** Whether a part of them is guessed from the length of texts: the engine counts at the end of an answer. */
  isEstimated: boolean;
}

/** Characters of a token, about, in most languages and models. */
const TOKEN_LENGTH = 4;

/**
 * Adds up a conversation: the figures of the last answer that has them, and what came after it.
 *
 * @param live The answer that comes now, as the last turn; `null`: none.
 */
export function contextUse(
  system: string,
  turns: readonly Turn[],
  live: Pick<AnswerSoFar, 'text' | 'figures'> | null,
): ContextUse {
  const last = turns.length - 1;
  const shown = turns.map((turn, at) => (at === last && live !== null ? { ...turn, ...live } : turn));
  const counted = shown.findLastIndex(({ figures }) => typeof figures?.promptTokens === 'number');
  const figures = shown[counted]?.figures;
  const known = (figures?.promptTokens ?? 0) + (figures?.tokens ?? 0);
  const rest = shown.slice(counted + 1);
  const guessed = rest.reduce((sum, turn) => sum + tokensOf(turn), counted === -1 ? textTokens(system) : 0);
  return { tokens: known + guessed, isEstimated: guessed > 0 };
}

function tokensOf({ role, text, files, figures }: Turn): number {
  if (role === 'assistant') return figures?.tokens ?? textTokens(text);
  const texts = files.filter(({ kind }) => kind === 'text').map(({ content }) => content);
  return [text, ...texts].reduce((sum, each) => sum + textTokens(each), 0);
}

function textTokens(text: string): number {
  return Math.ceil(text.length / TOKEN_LENGTH);
}
