import { beforeEach, expect, test } from 'vitest';
import { ReadingPace } from './reading-pace.ts';

const MIB = 1_048_576;
let turns: (() => void)[];
let resumed: string[];
let pace: ReadingPace;

beforeEach(() => {
  turns = [];
  resumed = [];
  pace = new ReadingPace({ nextTurn: (callback) => void turns.push(callback) });
});

const count = (name: string, bytes: number): boolean => pace.count(bytes, () => resumed.push(name));
const turn = (): void => turns.shift()?.();

test('a reader that reaches 1 MiB in a turn pauses until the next turn', () => {
  expect(count('a', MIB / 2)).toBe(false);
  expect(count('b', MIB / 2 - 1)).toBe(false);
  expect(count('a', 1)).toBe(true);
  expect(resumed).toEqual([]);
  turn();
  expect(resumed).toEqual(['a']);
  expect(count('a', MIB - 1)).toBe(false);
});

test('only as many readers resume as fit into a turn, in the order in which they paused', () => {
  count('first', MIB);
  for (let index = 0; index < 20; index += 1) count(String(index), 65_536);
  turn();
  expect(resumed).toEqual(['first', ...Array.from({ length: 15 }, (_, index) => String(index))]);
  turn();
  expect(resumed.slice(16)).toEqual(['15', '16', '17', '18', '19']);
});

test('no turn is scheduled when nothing was read', () => {
  expect(turns).toEqual([]);
  count('a', 1);
  expect(turns).toHaveLength(1);
  turn();
  expect(turns).toEqual([]);
});
