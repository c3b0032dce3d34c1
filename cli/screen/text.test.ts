import { describe, expect, it } from 'vitest';
import { cut, padded, plain, roomBeside, widthOf, wrapped } from './text.ts';

describe('plain', () => {
  it('prevents moving the cursor, colours, bells, titles and reversed text', () => {
    expect(plain('\u{1B}[2J\u{1B}]0;owned\u{7}a\u{1B}[31mb\u{8}\u{202E}c\u{9B}d\r')).toBe('abcd');
  });

  it('removes characters that hide text', () => {
    expect(plain('a\u{200B}b\u{200E}c\u{200F}d\u{61C}e\u{2028}f\u{FEFF}g\u{2060}h\u{E0041}')).toBe('abcdefgh');
  });

  it('returns one line, unless several are requested', () => {
    expect(plain('a\r\nb\tc')).toBe('a b  c');
    expect(plain('a\r\nb', 'many lines')).toBe('a\nb');
  });

  it('keeps unusual text', () => {
    expect(plain('模型 é 👩‍👩‍👧')).toBe('模型 é 👩‍👩‍👧');
    expect(plain('فارسی‌ها क्‍ष')).toBe('فارسی‌ها क्‍ष');
  });
});

describe('text on a terminal', () => {
  it.each([
    ['abcdef', 6, 'abcdef'],
    ['abcdef', 4, 'abc…'],
    ['模型模型', 5, '模型…'],
    ['模型模型', 4, '模…'],
    ['ab', 1, '…'],
    ['ab', 0, ''],
  ])('cuts %s to %d columns', (text, columns, expected) => {
    expect(cut(text, columns)).toBe(expected);
    expect(widthOf(expected)).toBeLessThanOrEqual(columns);
  });

  it('keeps the end on request', () => {
    expect(cut('/srv/models/a.gguf', 8, 'end')).toBe('…/a.gguf'.slice(-8));
  });

  it('is padded on the requested side', () => {
    expect([padded('模', 4), padded('a', 3, 'right'), padded('abc', 2)]).toEqual(['模  ', '  a', 'abc']);
  });

  it('never gets too little room to be read', () => {
    expect([roomBeside(10, 80), roomBeside(10, 12), roomBeside(10, Infinity)]).toEqual([70, 20, Infinity]);
  });

  it('is wrapped between words, and within a word that is too long', () => {
    expect(wrapped('aa bbb cc', 6)).toEqual(['aa bbb', 'cc']);
    expect(wrapped('a bcdefghij k', 4)).toEqual(['a', 'bcde', 'fghi', 'j k']);
  });
});
