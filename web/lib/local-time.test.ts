import { describe, expect, it } from 'vitest';
import { localText, momentOf } from './local-time.ts';

describe('a local time', () => {
  it('is the text of a field for a moment, and back', () => {
    const moment = new Date(2026, 2, 1, 14, 5).toISOString();
    expect(localText(moment)).toBe('2026-03-01T14:05');
    expect(momentOf('2026-03-01T14:05')).toBe(moment);
  });

  it('is empty without a moment', () => {
    expect(localText(undefined)).toBe('');
    expect(localText('yesterday')).toBe('');
    expect(momentOf('')).toBe(undefined);
  });
});
