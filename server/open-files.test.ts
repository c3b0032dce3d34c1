import { describe, expect, it } from 'vitest';
import { mostConnections } from './open-files.ts';

describe('the limit of connections', () => {
  it.each([
    [1_048_576, 786_432],
    [20_000, 15_000],
    [1_024, 512],
    [256, 64],
    [null, null],
  ])('for %s open files is %s', (openFiles, expected) => {
    expect(mostConnections(openFiles)).toBe(expected);
  });

  it('is set on this machine, if the system shows its limit', () => {
    const most = mostConnections();
    expect(most === null || most >= 64).toBe(true);
  });
});
