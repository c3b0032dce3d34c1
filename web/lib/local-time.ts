/** Times of fields with `type="datetime-local"`: `2026-03-01T14:30`, in the reader's time zone. */

/** The text of a field for a moment. @param moment RFC 3339; not a moment: empty */
export function localText(moment: string | undefined): string {
  const at = new Date(moment ?? '');
  if (Number.isNaN(at.getTime())) return '';
  const two = (number: number): string => String(number).padStart(2, '0');
  const day = [String(at.getFullYear()).padStart(4, '0'), two(at.getMonth() + 1), two(at.getDate())].join('-');
  return `${day}T${two(at.getHours())}:${two(at.getMinutes())}`;
}

/** The moment of a field's text, RFC 3339 in UTC; `undefined`: the field is empty. */
export function momentOf(text: string): string | undefined {
  const at = new Date(text);
  return text === '' || Number.isNaN(at.getTime()) ? undefined : at.toISOString();
}
