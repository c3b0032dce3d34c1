import { afterEach, describe, expect, it } from 'vitest';
import { bytes, contextText, day, number, percent, plainNumber, rateText, seconds } from './figures.ts';
import { language } from './language.ts';

afterEach(() => language.set('en'));

describe('figures', () => {
  it('have a point and commas in English', () => {
    const texts = [number(8192), number(0.5, 2), plainNumber(40_000), seconds(0.95), bytes(1.3e9), percent(9.5)];
    expect(texts).toEqual(['8,192', '0.50', '40000', '0.95 s', '1.3 GB', '9.5 %']);
    expect(rateText(2.84)).toBe('2.8');
  });

  it('have a comma and points in German', () => {
    language.set('de');
    const texts = [number(8192), number(0.5, 2), plainNumber(0.8), seconds(0.95), bytes(1.3e9), percent(9.5)];
    expect(texts).toEqual(['8.192', '0,50', '0,8', '0,95 s', '1,3 GB', '9,5 %']);
    expect(rateText(2.84)).toBe('2,8');
  });

  it('of contexts are in thousands of 1024, or in the groups of the language', () => {
    expect([131_072, 512, 99_999_999].map(contextText)).toEqual(['128k', '512', '99,999,999']);
    language.set('de');
    expect(contextText(99_999_999)).toBe('99.999.999');
  });

  it('have days in one form in each language', () => {
    const days = (['en', 'de'] as const).map((one) => {
      language.set(one);
      return day('2027-02-28T12:00:00Z');
    });
    expect(days).toEqual(['2027-02-28', '2027-02-28']);
  });

  it('that are not known stay a dash', () => {
    language.set('de');
    expect([bytes(null), percent(undefined)]).toEqual(['-', '-']);
  });
});
