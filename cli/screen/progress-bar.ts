const WIDEST_BAR = 30;
/** A narrower bar shows nothing, so it is left out. */
const LEAST_BAR = 8;

/** Text behind a bar, or alone where a bar has no room. @param share From 0 to 1. @param room Most columns of both. */
export function withBar(share: number, text: string, room: number): string {
  const width = Math.min(WIDEST_BAR, room - text.length - '[] '.length);
  if (width < LEAST_BAR) return text;
  const full = Math.round(Math.min(1, share) * width);
  return `[${'#'.repeat(full)}${'.'.repeat(width - full)}] ${text}`;
}
