import { lstatSync, mkdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { codeOf, errorWords, fileOf, hasCode, reasonOf } from './reason.ts';

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

const thrownBy = (act: () => unknown): unknown => {
  try {
    act();
  } catch (error) {
    return error;
  }
  return null;
};

describe('errorWords', () => {
  it.each([
    ['a missing file', () => readFileSync('/no/such/file'), 'no such file or folder'],
    ['a folder', () => readFileSync('/'), 'it is a folder'],
    ['a file above', () => mkdirSync(`${import.meta.filename}/x`), 'not a folder'],
    ['a long name', () => lstatSync(`/${'x'.repeat(300)}`), 'name too long'],
  ])('omits the code and the operation of the system: %s', (_what, act, words) => {
    expect(errorWords(thrownBy(act))).toBe(words);
  });

  it('returns the message of any other error', () => {
    expect(errorWords(new Error('the file is broken, really'))).toBe('the file is broken, really');
    expect(errorWords('thrown text')).toBe('thrown text');
  });
});

describe('fileOf', () => {
  it('returns the file of a system error, and null for any other', () => {
    expect(fileOf(thrownBy(() => readFileSync('/no/such/file')))).toBe('/no/such/file');
    expect(fileOf(missing)).toBe(null);
    expect(fileOf('just words')).toBe(null);
  });
});
