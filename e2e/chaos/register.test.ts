import { describe, expect, it } from 'vitest';
import { Register } from './register.ts';

describe('what was acknowledged', () => {
  it('has to be there, and nothing else may', () => {
    const register = new Register(0);
    register.acknowledged(1);
    expect(register.learn((value) => value === 0)).toBe(false);
    expect(register.learn((value) => value === 1)).toBe(true);
  });

  it('may be the old or the new after a write without an answer, until somebody looks', () => {
    const register = new Register(0);
    register.unknown(1);
    expect(register.possible).toEqual([0, 1]);
    expect(register.learn((value) => value === 0)).toBe(true);
    expect(register.learn((value) => value === 1)).toBe(false);
  });

  it('is only what was acknowledged last', () => {
    const register = new Register(0);
    register.unknown(1);
    register.acknowledged(2);
    expect(register.possible).toEqual([2]);
  });
});
