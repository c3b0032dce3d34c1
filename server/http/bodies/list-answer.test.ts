import { describe, expect, it } from 'vitest';
import { ListAnswer } from './list-answer.ts';

const A = { name: 'a', text: 'ä"' };
const B = { name: 'b', text: '' };

describe('a list answer', () => {
  it('is the JSON of its items, whatever the previous answer was', () => {
    const answer = new ListAnswer('instances');
    for (const items of [[], [A], [A, B], [B, A], [{ ...A, text: 'changed' }, B], [B], []]) {
      expect(JSON.parse(answer.of(items).toString())).toEqual({ instances: items });
    }
  });

  it('is created once while its items stay the same', () => {
    const answer = new ListAnswer('instances');
    expect(answer.of([A, B])).toBe(answer.of([A, B]));
    expect(answer.of([])).toBe(answer.of([]));
  });
});
