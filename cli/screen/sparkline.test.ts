import { describe, expect, it } from 'vitest';
import { sparkline } from './sparkline.ts';

const steps = (...values: number[]) => values.map((value, index) => ({ from: index, to: index + 1, value }));

describe('sparkline', () => {
  it('goes from zero to the highest value', () => {
    expect(sparkline(steps(0, 1, 2, 3, 4, 5, 6, 7), { from: 0, to: 8, width: 8 })).toBe('▁▂▃▄▅▆▇█');
    expect(sparkline(steps(50, 100, 50), { from: 0, to: 3, width: 3 })).toBe('▅█▅');
  });

  it('is empty without measurements', () => {
    expect(sparkline([{ from: 2, to: 4, value: 1 }], { from: 0, to: 6, width: 6 })).toBe('  ██  ');
    expect(sparkline([], { from: 0, to: 6, width: 3 })).toBe('   ');
  });

  it('shows the highest of several steps in one character, and one step over several characters', () => {
    expect(sparkline(steps(0, 7, 0, 0), { from: 0, to: 4, width: 2 })).toBe('█▁');
    expect(sparkline(steps(7), { from: 0, to: 1, width: 3 })).toBe('███');
  });

  it('keeps small values small with a given top', () => {
    expect(sparkline(steps(1, 7), { from: 0, to: 2, width: 2, top: 7 })).toBe('▂█');
    expect(sparkline(steps(1, 1), { from: 0, to: 2, width: 2, top: 7 })).toBe('▂▂');
    expect(sparkline(steps(14, 7), { from: 0, to: 2, width: 2, top: 7 })).toBe('█▅');
  });

  it('has the lowest bars if all values are zero', () => {
    expect(sparkline(steps(0, 0), { from: 0, to: 2, width: 2 })).toBe('▁▁');
  });
});
