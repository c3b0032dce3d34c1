import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { engineOomScore, scoreAbove } from './oom-score.ts';

describe('the OOM score of engines', () => {
  it.each([
    [-1_000, 200],
    [-500, 200],
    [0, 200],
    [100, 300],
    [900, 1_000],
    [1_000, 1_000],
    [Number.NaN, null],
  ])('of a server with %i is %s', (own, score) => {
    expect(scoreAbove(own)).toBe(score);
  });

  it.runIf(process.platform === 'linux')('is based on the score of this process', () => {
    expect(engineOomScore()).toBe(scoreAbove(Number(readFileSync('/proc/self/oom_score_adj', 'utf8'))));
  });
});
