import { expect, it } from 'vitest';
import { flawOfNumber } from '../../lib/number-limits.ts';
import { flawOfText, limitsOf } from './setting-limits.ts';

it.each([
  [1, { minimum: 1, maximum: 65_535, type: 'integer' }, null],
  [0, { minimum: 1, type: 'integer' }, 'outside'],
  [70_000, { minimum: 1, maximum: 65_535, type: 'integer' }, 'outside'],
  [1.5, { minimum: 1, type: 'integer' }, 'notWhole'],
  [0.5, { minimum: 0.1, type: 'number' }, null],
  [-5, {}, null],
])('the number %s with %j: %s', (value, schema, flaw) => {
  expect(flawOfNumber(value, limitsOf(schema))).toBe(flaw);
});

it.each([
  ['/llm', { type: 'string', pattern: '^\\/.*' }, null],
  ['llm', { type: 'string', pattern: '^\\/.*' }, 'notPath'],
  ['https://ai.example.com', { format: 'uri' }, null],
  ['', { anyOf: [{ const: '' }, { format: 'uri' }] }, null],
  ['ai.example.com', { anyOf: [{ const: '' }, { format: 'uri' }] }, 'notUrl'],
  ['anything', { type: 'string' }, null],
])('the text "%s" with %j: %s', (text, schema, flaw) => {
  expect(flawOfText(text, limitsOf(schema))).toBe(flaw);
});
