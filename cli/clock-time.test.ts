import { describe, expect, it } from 'vitest';
import { clockTime } from './clock-time.ts';

const at = new Date(2026, 2, 1, 9, 5, 7);

describe('the time of something that happened', () => {
  it('is that of the local clock on the same day', () => {
    expect(clockTime(at.toISOString(), new Date(2026, 2, 1, 23, 59).getTime())).toBe('09:05:07');
  });

  it('has the date on another day, and where nobody reads it now', () => {
    expect(clockTime(at.toISOString(), new Date(2026, 2, 2, 0, 0).getTime())).toBe('2026-03-01 09:05:07');
    expect(clockTime(at.toISOString(), null)).toBe('2026-03-01 09:05:07');
  });
});
