import { EXIT } from '../exit-status.ts';
import { Problem } from '../problem.ts';

const MILLISECONDS = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };
const SPAN = /^(\d+)([mhdw])$/;
const DAY = /^\d{4}-\d{2}-\d{2}$/;

/**
 * Parses a future time: `30d`, `12h`, `2027-01-31` (its beginning in local time), or RFC 3339.
 *
 * @param now Milliseconds since the epoch.
 * @returns RFC 3339
 */
export function dateOf(text: string, now: number): string {
  const time = timeOf(text, now, 1);
  if (time <= now) throw new Problem(`${text} is in the past: give a future time`, EXIT.usage);
  return new Date(time).toISOString();
}

/**
 * Parses a past time: `24h` (that long ago), `2026-01-31` (its beginning in local time), or RFC 3339.
 *
 * @param now Milliseconds since the epoch.
 * @returns RFC 3339
 */
export function pastDateOf(text: string, now: number): string {
  return new Date(timeOf(text, now, -1)).toISOString();
}

/** @param direction In which a span such as `30d` counts. */
function timeOf(text: string, now: number, direction: 1 | -1): number {
  const [, count, unit] = SPAN.exec(text) ?? [];
  const span = MILLISECONDS[unit as keyof typeof MILLISECONDS];
  // `Date.parse` takes a date without a time as UTC.
  const time =
    span === undefined ? Date.parse(DAY.test(text) ? `${text}T00:00` : text) : now + direction * Number(count) * span;
  if (Number.isNaN(time) || Math.abs(time) > 8.64e15) {
    throw new Problem(`${text} is not a time: write 30d, 12h, 2027-01-31 or 2027-01-31T12:00:00Z`, EXIT.usage);
  }
  return time;
}
