import { describe, expect, test } from 'vitest';
import { picturesOf, transcriptOf } from './media-answers.ts';

test('a transcript is the text of its answer', () => {
  expect(transcriptOf({ text: ' Hello there.\n' })).toBe('Hello there.');
  expect(() => transcriptOf({ segments: [] })).toThrow('without `text`');
});

describe('pictures', () => {
  test('have the kind that their data begins with', () => {
    const data = ['iVBORw0K', '/9j/4AAQ', 'UklGRg=='].map((text) => ({ b64_json: text }));
    expect(picturesOf({ data })).toEqual([
      { address: 'data:image/png;base64,iVBORw0K', ending: 'png' },
      { address: 'data:image/jpeg;base64,/9j/4AAQ', ending: 'jpg' },
      { address: 'data:image/webp;base64,UklGRg==', ending: 'webp' },
    ]);
  });

  test.each([
    ['none', { data: [] }],
    ['addresses', { data: [{ url: 'https://example.com/a.png' }] }],
    ['markup', { data: [{ b64_json: '"><script>' }] }],
    ['another form', 'a text'],
  ])('are refused: %s', (_name, body) => {
    expect(() => picturesOf(body)).toThrow('The engine answered without');
  });
});
