import { describe, expect, it } from 'vitest';
import type { AnswerFigures } from './answer-figures.ts';
import { contextUse } from './context-use.ts';
import type { Turn } from './conversation.ts';

const figuresOf = (tokens: number, promptTokens: number | null): AnswerFigures => ({
  firstToken: null,
  queue: null,
  prompt: null,
  tokens,
  promptTokens,
  tokensPerSecond: null,
  seconds: 1,
});
const turn = (fields: Partial<Turn>): Turn => ({
  id: 't',
  parent: null,
  role: 'user',
  text: '',
  reasoning: '',
  files: [],
  instance: null,
  state: 'done',
  error: null,
  figures: null,
  at: 0,
  ...fields,
});
const question = turn({ text: 'x'.repeat(40) });

describe('the use of the context', () => {
  it('is what the engine counted at the end of the last answer', () => {
    const answered = turn({ role: 'assistant', figures: figuresOf(30, 100) });
    expect(contextUse('', [question, answered], null)).toEqual({ tokens: 130, isEstimated: false });
  });

  it('grows with the answer that comes', () => {
    const answered = turn({ role: 'assistant', figures: figuresOf(30, 100) });
    const coming = turn({ role: 'assistant', state: 'streaming' });
    const live = { text: 'y', figures: figuresOf(7, null) };
    expect(contextUse('', [question, answered, question, coming], live)).toEqual({ tokens: 147, isEstimated: true });
  });

  it('is guessed of a stopped first answer, of the system prompt and of text files', () => {
    const files = [{ kind: 'text', name: 'a.txt', content: 'z'.repeat(80) } as const];
    const stopped = turn({ role: 'assistant', state: 'stopped', figures: figuresOf(5, null) });
    expect(contextUse('s'.repeat(8), [{ ...question, files }, stopped], null)).toEqual({
      tokens: 2 + 10 + 20 + 5,
      isEstimated: true,
    });
  });

  it('is nothing of an empty chat', () => {
    expect(contextUse('', [], null)).toEqual({ tokens: 0, isEstimated: false });
  });
});
