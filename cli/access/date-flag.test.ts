import { describe, expect, it } from 'vitest';
import { dateOf, pastDateOf } from './date-flag.ts';

const NOW = Date.parse('2026-03-01T12:00:00Z');

describe('dateOf', () => {
  it.each([
    ['90m', '2026-03-01T13:30:00.000Z'],
    ['12h', '2026-03-02T00:00:00.000Z'],
    ['30d', '2026-03-31T12:00:00.000Z'],
    ['2w', '2026-03-15T12:00:00.000Z'],
    ['2027-01-31T12:00:00Z', '2027-01-31T12:00:00.000Z'],
    ['2027-01-31T12:00:00+02:00', '2027-01-31T10:00:00.000Z'],
  ])('reads %s as %s', (text, time) => {
    expect(dateOf(text, NOW)).toBe(time);
  });

  it('reads a date without a time as the beginning of that day', () => {
    expect(dateOf('2027-01-31', NOW)).toBe(new Date(2027, 0, 31).toISOString());
  });

  it.each(['', 'tomorrow', '30', '30y', '2027-13-01', '-5d', '99999999999d'])('refuses %j', (text) => {
    expect(() => dateOf(text, NOW)).toThrow('is not a time: write 30d');
  });

  it.each(['2026-02-28', '0d', '2026-03-01T12:00:00Z'])('refuses %s, which is in the past', (text) => {
    expect(() => dateOf(text, NOW)).toThrow('is in the past');
  });
});

describe('pastDateOf', () => {
  it.each([
    ['24h', '2026-02-28T12:00:00.000Z'],
    ['1w', '2026-02-22T12:00:00.000Z'],
    ['2026-01-31T12:00:00+02:00', '2026-01-31T10:00:00.000Z'],
    ['2026-01-31', new Date(2026, 0, 31).toISOString()],
  ])('reads %s as %s', (text, time) => {
    expect(pastDateOf(text, NOW)).toBe(time);
  });

  it('refuses other words', () => {
    expect(() => pastDateOf('yesterday', NOW)).toThrow('is not a time: write 30d');
  });
});
