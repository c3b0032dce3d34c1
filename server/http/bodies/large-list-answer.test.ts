import { describe, expect, it } from 'vitest';
import { SlicedWork } from '../../sliced-work.ts';
import { FakeClock } from '../../testing/fake-clock.ts';
import { JSON_HEADERS } from '../errors.ts';
import { LargeListAnswer } from './large-list-answer.ts';

const A = { name: 'a', text: 'ä"' };
const B = { name: 'b', text: '' };

function answerOf(clock = new FakeClock()): LargeListAnswer {
  return new LargeListAnswer('models', new SlicedWork(clock));
}

async function textOf(answer: LargeListAnswer, items: readonly object[], more = {}): Promise<string> {
  const text = await answer.of(items, more);
  const { content } = await text.answer(JSON_HEADERS, { headers: {}, isHead: false });
  return content.kind === 'text' ? String(content.text) : '';
}

describe('the answer with a large list', () => {
  it('is the JSON of its items, whatever the previous answer was', async () => {
    const answer = answerOf();
    const many = Array.from({ length: 250 }, (_, index) => ({ index }));
    for (const items of [[], [A], [A, B], [B, A], [{ ...A, text: 'changed' }, B], many, [B], []]) {
      expect(JSON.parse(await textOf(answer, items, { scanning: true }))).toEqual({ models: items, scanning: true });
    }
  });

  it('is made once while its items stay the same', async () => {
    const answer = answerOf();
    expect(await answer.of([A, B], {})).toBe(await answer.of([A, B], {}));
    expect(await answer.of([A, B], {})).not.toBe(await answer.of([A, B], { scanning: true }));
  });

  it('leaves the event loop to others between slices of work', async () => {
    let milliseconds = 0;
    const turns: (() => void)[] = [];
    const work = new SlicedWork({ elapsed: () => milliseconds, nextTurn: (callback) => turns.push(callback) });
    // Each hundred texts take a millisecond.
    const items = Array.from({ length: 1_000 }, (_, index) => ({
      toJSON: () => {
        if (index % 100 === 0) milliseconds += 1;
        return index;
      },
    }));
    const made = new LargeListAnswer('models', work).of(items, {});
    const begins: number[] = [];
    for (let turn = turns.shift(); turn !== undefined; turn = turns.shift()) {
      begins.push(Math.round(milliseconds));
      turn();
    }
    expect(begins).toEqual([3, 6, 9, 10]);
    await made;
  });
});
