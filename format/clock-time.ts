/**
 * A time in the reader's time zone: `14:03:12` today, `2026-11-24 14:03:12` on any other day.
 *
 * @param moment RFC 3339, or milliseconds since the epoch.
 * @param now Milliseconds since the epoch; `null`: always print the date, because the text is read later.
 */
export function clockTime(moment: string | number, now: number | null): string {
  const at = new Date(moment);
  const time = [at.getHours(), at.getMinutes(), at.getSeconds()].map(twoDigits).join(':');
  const day = dayOf(at);
  return now !== null && day === dayOf(new Date(now)) ? time : `${day} ${time}`;
}

function dayOf(at: Date): string {
  return [String(at.getFullYear()), twoDigits(at.getMonth() + 1), twoDigits(at.getDate())].join('-');
}

function twoDigits(number: number): string {
  return String(number).padStart(2, '0');
}
