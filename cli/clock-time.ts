/**
 * When something happened, by the clock of whoever reads: `14:03:12`, and on another day `2026-11-24 14:03:12`.
 *
 * @param moment RFC 3339, or milliseconds since the epoch.
 * @param now Milliseconds since the epoch; `null`: it is not read now, and the date is always said.
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
