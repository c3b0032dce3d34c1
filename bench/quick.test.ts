import { describe, expect, it } from 'vitest';
import { measure } from './harness/measure.ts';
import { sectionOf } from './harness/outcome.ts';
import { chosenScenarios, SCENARIOS } from './scenarios.ts';
import { boot } from './scenarios/boot.ts';

describe('a quick scenario', () => {
  it('measures the real program, and leaves a section of results', { timeout: 60_000 }, async () => {
    const outcome = await measure(boot, { runs: 2, isQuick: true, signal: new AbortController().signal });
    expect(outcome.runs).toHaveLength(2);
    for (const readings of outcome.runs) {
      // units right, and really of this process; how fast it is, is for the results to say
      expect(readings['boot']).toBeGreaterThan(10);
      expect(readings['memory']).toBeGreaterThan(20);
      expect(readings['memory']).toBeLessThan(2_000);
    }
    const section = sectionOf(outcome, { date: '2026-01-02', machine: 'a machine' });
    expect(section).toMatch(/^\| boot with 1 000 instances .*\| (met|not met) +\|$/m);
  });
});

describe('the scenarios', () => {
  it('have names and figures of their own', () => {
    const names = SCENARIOS.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const { figures } of SCENARIOS) {
      const keys = figures.map(({ key }) => key);
      expect(new Set(keys).size).toBe(keys.length);
    }
  });

  it('are chosen by name, or by the word before the hyphen; none chosen: all', () => {
    const chosen = (...words: string[]): string[] => chosenScenarios(words).map(({ name }) => name);
    expect(chosen()).toEqual(SCENARIOS.map(({ name }) => name));
    expect(chosen('logs', 'boot')).toEqual(['boot', 'logs-cost', 'logs-rotation', 'logs-speed', 'logs-tail']);
    expect(chosen('logs-tail')).toEqual(['logs-tail']);
    expect(() => chosen('boo')).toThrow('No scenario is named boo; there are boot, list,');
  });
});
