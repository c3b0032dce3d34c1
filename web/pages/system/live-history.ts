/** Milliseconds after which a history is requested again: until then, the figures that came since continue it. */
export const HISTORY_MS = 900_000;
/** Milliseconds that figures are kept: longer than their history takes to come. */
const KEPT_MS = HISTORY_MS + 60_000;

/** Whether a figure that came since the history is still needed. @param at Milliseconds since the epoch. */
export function isRecent(at: number, now = Date.now()): boolean {
  return now - at <= KEPT_MS;
}
