import { describe, expect, it } from 'vitest';
import { hasTooManyValues, MOST_VALUES } from './value-count.ts';

const numbers = (count: number): number[] => Array<number>(count).fill(1);
const members = (count: number): Record<string, number> =>
  Object.fromEntries(numbers(count).map((value, index) => [`k${index}`, value]));

describe('the number of values in a body', () => {
  it.each<[string, unknown]>([
    ['no body', undefined],
    ['a text', 'x'.repeat(MOST_VALUES * 2)],
    ['a list at the bound', numbers(MOST_VALUES)],
    ['an object at the bound', members(MOST_VALUES)],
    ['a list with undefined and null', [undefined, null, undefined]],
  ])('is not too large: %s', (_, value) => expect(hasTooManyValues(value)).toBe(false));

  it.each<[string, unknown]>([
    ['a longer list', numbers(MOST_VALUES + 1)],
    ['a larger object', members(MOST_VALUES + 1)],
    ['a longer list inside', { a: { b: numbers(MOST_VALUES) } }],
    ['many short lists', Array.from({ length: MOST_VALUES / 2 }, () => [1, 1])],
  ])('is too large: %s', (_, value) => expect(hasTooManyValues(value)).toBe(true));
});
