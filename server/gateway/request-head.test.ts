import { expect, test } from 'vitest';
import { chunkedEnd, requestHead } from './headers.ts';

test('a head keeps order, case and duplicates', () => {
  expect(requestHead('PATCH', '/a%zz?q=\u00fc', ['Host', 'x', 'x-a', '1', 'X-A', ''])).toBe(
    'PATCH /a%zz?q=\u00fc HTTP/1.1\r\nHost: x\r\nx-a: 1\r\nX-A: \r\n\r\n',
  );
  expect(chunkedEnd([])).toBe('0\r\n\r\n');
  expect(chunkedEnd([['X-Sum', '7']])).toBe('0\r\nX-Sum: 7\r\n\r\n');
});

test.each([
  ['/a b', []],
  ['', []],
  ['/a\r\nX: y', []],
  ['/\u{1F600}', []],
  ['/', ['X-A', 'a\r\nX-B: b']],
  ['/', ['X-A', 'a\nb']],
  ['/', ['X-A', 'a\0b']],
  ['/', ['X-A', '\u{1F600}']],
])('a target or header that would be misread is refused: %j %j', (target, headers) => {
  expect(() => requestHead('GET', target, headers)).toThrow(TypeError);
});

test('a trailer that would be misread is refused', () => {
  expect(() => chunkedEnd([['X-Sum', '7\r\n\r\nGET / HTTP/1.1']])).toThrow(TypeError);
});
