import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cleanLine, cutText, needsCleaning } from './clean-text.ts';

/** Invisible ASCII tag characters. */
function tagged(text: string): string {
  return Array.from(text, (each) => String.fromCodePoint(0xe_0000 + (each.codePointAt(0) ?? 0))).join('');
}

/** The control sequence introducer. */
const CSI = '\u001b[';

describe('cleanLine', () => {
  it.each([
    ['colours', `${CSI}1;31mred${CSI}0m text`, 'red text'],
    ['cursor movements', `${CSI}2J${CSI}10;20Htext${CSI}?25l`, 'text'],
    ['a window title', '\u001b]0;title\u0007text', 'text'],
    ['a link', '\u001b]8;;http://example.test\u001b\\text\u001b]8;;\u001b\\', 'text'],
    ['a device string', '\u001bPpayload\u001b\\text', 'text'],
    ['short sequences', '\u001b7\u001bctext\u001b(B', 'text'],
    ['a sequence cut short', `text${CSI}12;`, 'text12;'],
    ['other control characters', 'b\u0008e\u0007ll\u007f\u009b', 'bell'],
    ['NULs', 'a\0b\0', 'ab'],
    ['characters that change the direction of text', 'a\u202eb\u2066c', 'abc'],
    ['direction marks', 'a\u200eb\u200fc\u061cd', 'abcd'],
    ['zero-width spaces', 'pass\u200bword\u2060\ufeff', 'password'],
    ['line separators', 'a\u2028b\u2029c', 'abc'],
    ['text in tags', `ok${tagged('run')}`, 'ok'],
    ['the end of a line of Windows', 'text\r', 'text'],
    ['a progress bar that overwrites itself', ' 10%\r 50%\r100%', '100%'],
  ])('removes %s', (_, written, shown) => {
    expect(cleanLine(written)).toBe(shown);
  });

  it('keeps tabs and all scripts', () => {
    const line = 'a\tb — 漢字 عربي فارسی‌ها क्‍ष 😀👩‍🚀❤️ 葛󠄀';
    expect(cleanLine(line)).toBe(line);
  });

  it('leaves no control character, whatever the engine writes', () => {
    const character = fc.oneof(
      fc.constantFrom('\u001b', '[', ']', ';', 'm', '\u0007', '\r', '\0', '\u202e', '\u200b', '\u{e0041}'),
      fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
    );
    fc.assert(
      fc.property(fc.array(character, { maxLength: 40 }), (characters) => {
        expect(cleanLine(characters.join(''))).not.toMatch(
          /(?!\t)[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}\u200b\u2060\ufeff\u{e0000}-\u{e007f}]/u,
        );
      }),
    );
  });
});

describe('needsCleaning', () => {
  it('tells clean lines from others', () => {
    expect(needsCleaning('a\tb\nc\n')).toBe(false);
    for (const control of [
      '\0',
      '\r',
      '\u001b',
      '\u007f',
      '\u0085',
      '\u202e',
      '\u200b',
      '\u200e',
      '\u061c',
      '\u{e0041}',
    ]) {
      expect(needsCleaning(`a\nb${control}\n`)).toBe(true);
    }
  });
});

describe('cutText', () => {
  it('cuts long texts with an ellipsis', () => {
    expect(cutText('x'.repeat(10), 10)).toBe('x'.repeat(10));
    expect(cutText('x'.repeat(11), 10)).toBe(`${'x'.repeat(9)}…`);
  });

  it('never splits a character', () => {
    expect(cutText(`${'x'.repeat(8)}😀😀`, 10)).toBe(`${'x'.repeat(8)}…`);
  });

  it('adds the ellipsis to a short text that is already incomplete', () => {
    expect(cutText('abc', 10, true)).toBe('abc…');
  });
});
