import { describe, expect, it } from 'vitest';
import { mostConnections } from './open-files.ts';

describe('connections at once', () => {
  it.each([
    [1_048_576, 786_432],
    [20_000, 15_000],
    [1_024, 512],
    [256, 64],
    [null, null],
  ])('of %s files that may be open are %s', (openFiles, expected) => {
    expect(mostConnections(openFiles)).toBe(expected);
  });

  it('are bounded on this machine, if it tells', () => {
    const most = mostConnections();
    expect(most === null || most >= 64).toBe(true);
  });
});
