import { describe, expect, it } from 'vitest';
import { answerFigures } from './answer-figures.ts';

const TIMES = { asked: 1_000, first: 1_050, last: 3_050 };

describe('the statistics of an answer', () => {
  it("are the engine's own if it measured", () => {
    const timings = { predicted_n: 19, predicted_per_second: 48.4, prompt_n: 12, prompt_per_second: 4_933.05 };
    expect(answerFigures(TIMES, { timings })).toBe(
      '19 tokens, 48 tokens/s, first token after 0.05 s; prompt 12 tokens, 4933 tokens/s',
    );
  });

  it('are computed if the engine only counted', () => {
    const usage = { prompt_tokens: 7, completion_tokens: 9, total_tokens: 16 };
    expect(answerFigures(TIMES, { usage })).toBe('9 tokens, 4.5 tokens/s, first token after 0.05 s; prompt 7 tokens');
  });

  it('contain what is known if it did neither', () => {
    expect(answerFigures(TIMES, {})).toBe('first token after 0.05 s');
    expect(answerFigures({ ...TIMES, first: null }, {})).toBe('');
  });
});
