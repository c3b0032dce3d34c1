import { describe, expect, it, test } from 'vitest';
import { LINE_PX, logLayout } from './log-layout.ts';
import type { LogRow } from './log-store.ts';
import { screenLines, searchPattern, textParts, visibleText } from './log-text.ts';

describe('hostile text of a log', () => {
  it.each([
    ['\u001b[31mred\u001b[0m', '␛[31mred␛[0m'],
    ['a\u202eb', 'a⟨202e⟩b'],
    ['\u0000\u0007', '␀␇'],
    ['<img src=x onerror=alert(1)>', '<img src=x onerror=alert(1)>'],
    ['tab\there', 'tab\there'],
    ['日本語 ok', '日本語 ok'],
  ])('%j is shown as %j', (text, shown) => {
    expect(visibleText(text)).toBe(shown);
  });
});

test('a text is divided at what the search finds', () => {
  expect(textParts('one Two two', searchPattern('two'))).toEqual([
    { text: 'one ', isFound: false },
    { text: 'Two', isFound: true },
    { text: ' ', isFound: false },
    { text: 'two', isFound: true },
  ]);
  expect(textParts('', searchPattern('x'))).toEqual([{ text: '', isFound: false }]);
});

describe('a wrapped line', () => {
  it.each([
    ['', 1],
    ['x'.repeat(80), 1],
    ['x'.repeat(81), 2],
    ['x'.repeat(400), 5],
    ['漢'.repeat(80), 3],
  ])('%# has enough lines of the screen', (text, count) => {
    expect(screenLines(text, 80)).toBe(count);
  });

  it('moves the rows below it down', () => {
    const row = (key: number, message: string): LogRow => ({
      kind: 'line',
      key,
      at: '',
      isUntimed: false,
      level: 'info',
      message,
    });
    const layout = logLayout([row(1, 'a'), row(2, 'x'.repeat(200)), row(3, 'b')], 80);
    expect([0, 1, 2, 3].map(layout.top)).toEqual([0, LINE_PX, 4 * LINE_PX, 5 * LINE_PX]);
    expect([0, LINE_PX, 2 * LINE_PX, 4 * LINE_PX, 99 * LINE_PX].map(layout.at)).toEqual([0, 1, 1, 2, 2]);
    expect(layout.lines(1)).toBe(3);
  });
});
