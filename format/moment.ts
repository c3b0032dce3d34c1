/** A date and time in the local zone: `2026-03-01 14:05`. @param time RFC 3339, or milliseconds since the epoch. */
export function moment(time: string | number): string {
  const date = new Date(time);
  const two = (number: number): string => String(number).padStart(2, '0');
  const day = [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join('-');
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}`;
}
