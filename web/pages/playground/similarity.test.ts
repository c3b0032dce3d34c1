import { describe, expect, it } from 'vitest';
import { cosine, nearestPairs, similarityMatrix } from './similarity.ts';
import { barShares, rankingOf, vectorsOf } from './vector-answers.ts';

describe('similarity', () => {
  it('is the cosine of two vectors, whatever their lengths', () => {
    expect(cosine([1, 0], [5, 0])).toBe(1);
    expect(cosine([1, 0], [0, 2])).toBe(0);
    expect(cosine([1, 0], [-3, 0])).toBe(-1);
    expect(cosine([0, 0], [1, 1])).toBe(0);
  });

  it('names the nearest pairs of different texts first', () => {
    const matrix = similarityMatrix([
      [1, 0],
      [1, 0.1],
      [0, 1],
    ]);
    expect(nearestPairs(matrix, 2).map(({ first, second }) => [first, second])).toEqual([
      [0, 1],
      [1, 2],
    ]);
  });
});

describe('answers with vectors and rankings', () => {
  it('are put into their order', () => {
    const data = [
      { index: 1, embedding: [2] },
      { index: 0, embedding: [1] },
    ];
    expect(vectorsOf({ data })).toEqual([[1], [2]]);
    const results = [
      { index: 0, relevance_score: -1 },
      { index: 1, relevance_score: 3 },
    ];
    expect(rankingOf({ results }).map(({ index }) => index)).toEqual([1, 0]);
  });

  it('of another form are errors with a sentence', () => {
    expect(() => vectorsOf({ data: [{ index: 0 }] })).toThrow('without `embedding`');
    expect(() => rankingOf({})).toThrow('without `results`');
    expect(() => rankingOf({ results: [{ index: 0 }] })).toThrow('without `relevance_score`');
  });

  it('have bars by the score itself, or between the ends of other scores', () => {
    expect(barShares([0.9, 0.2])).toEqual([0.9, 0.2]);
    expect(barShares([4, 1, -2])).toEqual([1, 0.5, 0]);
    expect(barShares([3])).toEqual([1]);
  });
});
