import { describe, expect, it } from 'vitest';
import { reasonOf } from './reason.ts';

describe('reasonOf', () => {
  it('returns the message of an error', () => {
    expect(reasonOf(new RangeError('out of range'))).toBe('out of range');
  });

  it('returns any other thrown value as text', () => {
    expect(reasonOf('just words')).toBe('just words');
    expect(reasonOf(undefined)).toBe('undefined');
  });
});
