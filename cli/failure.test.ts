import { describe, expect, it } from 'vitest';
import { failureOf } from './failure.ts';

describe('a failure', () => {
  it('has a line for each problem of the configuration', () => {
    const { lines, json } = failureOf(new Error('a.yaml:1: x is unknown.\na.yaml:2: y must be text.'), false);
    expect(lines).toEqual(['a.yaml:1: x is unknown.', 'a.yaml:2: y must be text.']);
    expect(json).toEqual({ error: 'a.yaml:1: x is unknown. a.yaml:2: y must be text.', code: 'FAILED' });
  });
});
