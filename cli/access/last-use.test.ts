import { expect, it } from 'vitest';
import { lastUse } from './last-use.ts';

it('claims no seconds, which the server does not record', () => {
  const now = Date.parse('2026-03-01T12:00:31Z');
  const times = ['2026-03-01T12:00:00Z', '2026-03-01T12:01:00Z', '2026-03-01T11:57:00Z', '2026-03-01T09:50:00Z'];
  expect(times.map((time) => lastUse(time, now))).toEqual(['< 1 min ago', '< 1 min ago', '3 min ago', '2h 10m ago']);
});
