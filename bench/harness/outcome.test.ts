import { describe, expect, it } from 'vitest';
import { areClaimsMet, sectionOf, type Outcome } from './outcome.ts';

const outcome = (...runs: Record<string, number>[]): Outcome => ({
  scenario: {
    name: 'nap',
    title: 'how long a nap is',
    method: 'It sleeps and looks at the clock.',
    figures: [
      { key: 'nap', what: 'the nap', unit: 'ms', most: 20 },
      { key: 'lines', what: 'lines dreamt', unit: 'lines/s' },
    ],
  },
  runs,
});

describe('an outcome', () => {
  it('is a table of medians and extremes against their targets', () => {
    const section = sectionOf(
      outcome({ nap: 10.04, lines: 1_234_567 }, { nap: 30.26, lines: 0 }, { nap: 0.1234, lines: 900 }),
      { date: '2026-01-02', machine: 'a machine' },
    );
    expect(section).toBe(
      [
        '## nap: how long a nap is',
        '',
        'It sleeps and looks at the clock.',
        '',
        '| What         | Target  | Median      | Min–max     | Verdict |',
        '| ------------ | ------- | ----------- | ----------- | ------- |',
        '| the nap      | ≤ 20 ms | 10 ms       | 0.123–30.3  | met     |',
        '| lines dreamt |         | 900 lines/s | 0–1 234 567 |         |',
        '',
        '3 runs on 2026-01-02: a machine. Again: `npm run bench -- nap`.',
      ].join('\n'),
    );
  });

  it('meets its claims when the medians do', () => {
    expect(areClaimsMet(outcome({ nap: 20, lines: 1 }))).toBe(true);
    expect(areClaimsMet(outcome({ nap: 1, lines: 1 }, { nap: 20.1, lines: 1 }, { nap: 21, lines: 1 }))).toBe(false);
  });

  it('has every figure', () => {
    expect(() => areClaimsMet(outcome({ lines: 1 }))).toThrow('nap was not measured');
    expect(() => areClaimsMet(outcome({ nap: Number.NaN, lines: 1 }))).toThrow('nap was not measured');
  });
});
