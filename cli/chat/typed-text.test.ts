import { describe, expect, it } from 'vitest';
import { TypedText } from './typed-text.ts';

/** The result of typing these lines in order. */
function typed(...lines: string[]): (string | null)[] {
  const text = new TypedText();
  return lines.map((line) => text.add(line));
}

describe('typed text', () => {
  it.each([
    ['is one line', ['hello'], ['hello']],
    ['is a separate text per line', ['one', 'two'], ['one', 'two']],
    [
      'is several lines between triple quotes',
      ['"""one', 'two', 'three"""', 'four'],
      [null, null, 'one\ntwo\nthree', 'four'],
    ],
    [
      'may have the quotes on lines of their own',
      ['"""', 'one', '', 'two', '"""'],
      [null, null, null, null, 'one\n\ntwo'],
    ],
    ['may have both on one line', ['"""one"""'], ['one']],
    [
      'may be the system prompt',
      ['/set system """You', 'are "kind".', '"""', '/system """', 'x', '"""'],
      [null, null, '/set system "You\nare "kind"."', null, null, '/system "x"'],
    ],
    ['may be the system prompt on one line', ['/system """Be brief."""'], ['/system "Be brief."']],
    ['keeps quotes in the middle', ['say """x""" twice'], ['say """x""" twice']],
    ['keeps the space before its lines', ['"""def f():', '  return 1', '"""'], [null, null, 'def f():\n  return 1']],
  ])('%s', (_what, lines, texts) => {
    expect(typed(...lines)).toEqual(texts);
  });

  it('stays open until the quotes are closed or the text is dropped', () => {
    const text = new TypedText();
    text.add('"""one');
    expect(text.isOpen).toBe(true);
    text.drop();
    expect(text.isOpen).toBe(false);
    expect(text.add('two')).toBe('two');
  });
});
