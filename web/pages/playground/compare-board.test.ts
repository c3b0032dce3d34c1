import { describe, expect, it } from 'vitest';
import type { AnswerSoFar } from './answer-stream.ts';
import { CompareBoard } from './compare-board.ts';
import type { AnswerEffects } from './one-answer.ts';

type Reading = Parameters<AnswerEffects['read']>[0];

/** A board of two columns whose answers the test gives. */
function stage() {
  const asked: { reading: Reading; end: PromiseWithResolvers<AnswerSoFar> }[] = [];
  const board = new CompareBoard(['a', 'b'], {
    read: (reading) => {
      const end = Promise.withResolvers<AnswerSoFar>();
      asked.push({ reading, end });
      reading.signal.addEventListener('abort', () => end.reject(reading.signal.reason));
      return end.promise;
    },
    nextFrame: (paint) => paint(),
  });
  return { board, asked };
}

/** Lets the board take what a promise brought. */
const settled = () => new Promise<void>((resolve) => setTimeout(resolve));

describe('a comparison', () => {
  it('asks all columns with one prompt, system prompt and parameters', () => {
    const { board, asked } = stage();
    board.write({ text: ' Hello ', system: 'Be short.', parameters: { seed: '7' } });
    board.send();
    expect(asked.map(({ reading }) => reading.body)).toMatchObject(
      ['a', 'b'].map((model) => ({
        model,
        seed: 7,
        messages: [
          { role: 'system', content: 'Be short.' },
          { role: 'user', content: 'Hello' },
        ],
      })),
    );
    board.send();
    expect(asked).toHaveLength(2);
  });

  it('asks one column again with the prompt of the others', async () => {
    const { board, asked } = stage();
    board.write({ text: 'one' });
    board.send();
    board.stop();
    await settled();
    expect(board.running.get()).toBe(0);
    board.write({ text: 'two' });
    const [first] = board.columns.get();
    if (first === undefined) throw new Error('the board has no column');
    board.retry(first);
    expect(asked[2]?.reading.body).toMatchObject({ model: 'a', messages: [{ role: 'user', content: 'one' }] });
  });
});
