import { describe, expect, it } from 'vitest';
import { codeOf, hasCode, reasonOf } from './reason.ts';

const missing = Object.assign(new Error('no such file'), { code: 'ENOENT' });

describe('reasonOf', () => {
  it('returns the message of an error', () => {
    expect(reasonOf(missing)).toBe('no such file');
  });

  it('returns any other thrown value as text', () => {
    expect(reasonOf('just words')).toBe('just words');
    expect(reasonOf(undefined)).toBe('undefined');
  });
});

describe('codeOf', () => {
  it('returns the code of a system error', () => {
    expect(codeOf(missing)).toBe('ENOENT');
  });

  it('returns null for an error without a code, with a number for a code, and for any other value', () => {
    expect(codeOf(new Error('no code'))).toBe(null);
    expect(codeOf(Object.assign(new Error('exit status'), { code: 1 }))).toBe(null);
    expect(codeOf({ code: 'ENOENT' })).toBe(null);
  });
});

describe('hasCode', () => {
  it('finds the code of a system error among others', () => {
    expect(hasCode(missing, ['ENOTDIR', 'ENOENT'])).toBe(true);
    expect(hasCode(missing, ['ENOTDIR'])).toBe(false);
  });

  it('is false for an error without a code', () => {
    expect(hasCode(new Error('no code'), ['ENOENT'])).toBe(false);
  });
});
