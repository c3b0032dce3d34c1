import { duration } from '../../format/figures.ts';

/**
 * Shows when a key or a log-in was last used: `< 1 min ago`, `3 min ago`, `2h 10m ago`. The server records it to the
 * minute.
 *
 * @param now Milliseconds since the epoch.
 */
export function lastUse(time: string, now: number): string {
  const seconds = (now - Date.parse(time)) / 1_000;
  if (seconds < 60) return '< 1 min ago';
  return seconds < 3_600 ? `${Math.floor(seconds / 60)} min ago` : `${duration(seconds)} ago`;
}
