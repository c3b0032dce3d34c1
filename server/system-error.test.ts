import { lstatSync, mkdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { errorWords } from './system-error.ts';

const thrownBy = (act: () => unknown): unknown => {
  try {
    act();
  } catch (error) {
    return error;
  }
  return null;
};

describe('the words of an error', () => {
  it.each([
    ['a missing file', () => readFileSync('/no/such/file'), 'no such file or folder'],
    ['a folder', () => readFileSync('/'), 'it is a folder'],
    ['a file above', () => mkdirSync(`${import.meta.filename}/x`), 'not a folder'],
    ['a long name', () => lstatSync(`/${'x'.repeat(300)}`), 'name too long'],
  ])('omit the code and the operation of the system: %s', (_what, act, words) => {
    expect(errorWords(thrownBy(act))).toBe(words);
  });

  it('are the message of any other error', () => {
    expect(errorWords(new Error('the file is broken, really'))).toBe('the file is broken, really');
    expect(errorWords('thrown text')).toBe('thrown text');
  });
});
