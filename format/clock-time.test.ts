import { describe, expect, it } from 'vitest';
import { clockTime } from './clock-time.ts';

const at = new Date(2026, 2, 1, 9, 5, 7);

describe('clockTime', () => {
  it('prints the local time on the same day', () => {
    expect(clockTime(at.toISOString(), new Date(2026, 2, 1, 23, 59).getTime())).toBe('09:05:07');
  });

  it('adds the date on another day, and for text that is read later', () => {
    expect(clockTime(at.toISOString(), new Date(2026, 2, 2, 0, 0).getTime())).toBe('2026-03-01 09:05:07');
    expect(clockTime(at.toISOString(), null)).toBe('2026-03-01 09:05:07');
  });
});
